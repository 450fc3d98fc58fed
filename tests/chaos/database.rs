//! The database as the proof looks into it: past all proxies, and with a new connection each time.

use tokio_postgres::{Client, NoTls};

#[derive(Debug, Clone)]
pub struct Database {
    /// A URL, or keywords.
    pub url: String,
}

impl Database {
    pub async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub async fn sql(&self, statement: &str) {
        self.connect().await.unwrap().batch_execute(statement).await.unwrap();
    }

    /// Takes every connection that PostgreSQL has, those of the services first; they end when dropped.
    pub async fn take_all_connections(&self) -> Vec<Client> {
        let first = self.connect().await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'postern-%'";
        let mut taken = Vec::new();
        // Whoever was ended tries again, and is ended again, until all room is taken.
        for _ in 0..10 {
            while let Ok(client) = self.connect().await {
                taken.push(client);
            }
            first.batch_execute(end).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        taken.push(first);
        taken
    }
}
