//! The allocator of every program. `.cargo/config.toml` holds its settings, which are built in.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
