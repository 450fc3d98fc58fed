//! Other words for the tasks, in English and Russian, by which people look for them. A person of either language types
//! words of both.

/// The task, and what else it is called.
const WORDS: [(&str, &str); 15] = [
    ("comment", "note remark заметка примечание"),
    ("condition", "if check filter branch decide если проверка проверить ветвление фильтр"),
    ("create_record", "add new insert lead contact save добавить новый новая лид контакт сохранить"),
    ("delay", "wait pause sleep later timer remind ждать подождать ожидание пауза позже таймер напомнить"),
    ("delete_record", "remove erase стереть убрать"),
    ("find_record", "search look up lookup query duplicate get искать поиск дубликат получить"),
    ("for_each", "loop repeat iterate list цикл повторить повтор перебор список"),
    ("http_request", "api rest web webhook call url json post get запрос вебхук вызвать адрес"),
    ("respond", "answer reply response return ответ вернуть"),
    ("run_workflow", "start call subworkflow child process вызвать подпроцесс процесс"),
    ("send_mail", "email e-mail message notify letter smtp почта письмо написать уведомить уведомление"),
    ("set_env", "variable assign let compute calculate переменная посчитать вычислить"),
    ("set_value", "update change edit modify field write обновить поменять поле записать"),
    ("stop", "end finish fail exit reject конец закончить завершить ошибка отклонить"),
    ("switch", "case choose several route вариант развилка выбрать"),
];

/// The words of a task.
pub fn of(task: &str) -> &'static str {
    WORDS.iter().find(|(name, _)| *name == task).map_or("", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use postern_shared::task::KINDS;

    use super::*;

    #[test]
    fn every_task_is_found_by_words_of_both_languages() {
        for kind in &KINDS {
            let words = of(kind.spec.name);
            let has = |from: char, to: char| words.chars().any(|c| (from..=to).contains(&c));
            assert!(has('a', 'z') && has('а', 'я'), "{}: {words}", kind.spec.name);
        }
        assert_eq!(WORDS.len(), KINDS.len());
    }
}
