//! The checked-in tables: written, read back and compared.
//!
//! A file is a preface and one section per compiler, headed `## <rustc --version>`. A compiler's numbers are compared with its
//! own section only.

use std::fmt::Write;

/// Growth beyond this, in percent, is an error.
pub(crate) const TOLERANCE: u64 = 2;

/// One table: the columns that say what was measured, then the numbers.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    /// Names of the columns, the keys first.
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Row>,
}

/// One line of a table.
pub(crate) struct Row {
    pub(crate) keys: Vec<String>,
    pub(crate) numbers: Vec<u32>,
}

impl Row {
    fn cells(&self) -> Vec<String> {
        self.keys.iter().cloned().chain(self.numbers.iter().map(u32::to_string)).collect()
    }
}

/// A compiler's section, without its heading.
pub(crate) fn section(tables: &[Table]) -> String {
    let mut text = String::new();
    for Table { title, head, rows } in tables {
        let keys = rows.first().map_or(0, |row| row.keys.len());
        let rule = head.iter().enumerate().map(|(i, _)| if i < keys { "---" } else { "---:" });
        let _ = write!(text, "\n{title}\n\n{}{}", line(head), line(&rule.collect::<Vec<_>>()));
        rows.iter().for_each(|row| text.push_str(&line(&row.cells())));
    }
    text
}

fn line(cells: &[impl AsRef<str>]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// `file` with `compiler`'s section put in, in place of the one it had. The text before the first section is `preface`.
pub(crate) fn replace(file: &str, preface: &str, compiler: &str, section: &str) -> String {
    let mut text = preface.trim_end().to_owned();
    let mut sections: Vec<(&str, &str)> = sections(file).filter(|(name, _)| *name != compiler).collect();
    sections.push((compiler, section));
    sections.sort_unstable();
    for (name, body) in sections {
        let _ = write!(text, "\n\n## {name}\n\n{}", body.trim());
    }
    text + "\n"
}

/// The section of `compiler` in `file`.
pub(crate) fn find<'a>(file: &'a str, compiler: &str) -> Option<&'a str> {
    sections(file).find(|(name, _)| *name == compiler).map(|(_, body)| body)
}

fn sections(file: &str) -> impl Iterator<Item = (&str, &str)> {
    file.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap_or((section, "")))
}

/// What is worse in `tables` than in `section`, one line each: numbers that grew, and rows that are not there.
pub(crate) fn compare(section: &str, tables: &[Table]) -> Vec<String> {
    let mut complaints = Vec::new();
    for Table { title, head, rows } in tables {
        // A table is known by its head, so that equal keys in another one do not match.
        let old = section.split_once(&line(head)).map_or("", |(_, rest)| rest);
        let old: Vec<Vec<&str>> = old.lines().take_while(|line| line.starts_with('|')).map(cells).collect();
        for row in rows {
            let name = row.keys.join(" ");
            let Some(before) = old.iter().find(|cells| cells.starts_with_keys(&row.keys)) else {
                complaints.push(format!("{title}: no row for {name}"));
                continue;
            };
            let (columns, before) = (&head[row.keys.len()..], &before[row.keys.len()..]);
            for ((column, before), now) in columns.iter().zip(before).zip(&row.numbers) {
                let before: u32 = before.parse().unwrap_or(0);
                if u64::from(*now) * 100 > u64::from(before) * (100 + TOLERANCE) {
                    complaints.push(format!("{title}: {name}, {column}: {before} -> {now}"));
                }
            }
        }
    }
    complaints
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

trait StartsWithKeys {
    fn starts_with_keys(&self, keys: &[String]) -> bool;
}

impl StartsWithKeys for Vec<&str> {
    fn starts_with_keys(&self, keys: &[String]) -> bool {
        self.len() > keys.len() && self.iter().zip(keys).all(|(cell, key)| cell == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(flash: u32) -> [Table; 1] {
        let keys = vec!["thumb".to_owned(), "s".to_owned()];
        [Table { title: "Sizes", head: vec!["target", "opt", "flash"], rows: vec![Row { keys, numbers: vec![flash] }] }]
    }

    #[test]
    fn growth_is_told_from_noise_and_from_a_gain() {
        let section = section(&table(1000));
        for good in [0, 900, 1000, 1020] {
            assert_eq!(compare(&section, &table(good)), [""; 0], "{good}");
        }
        assert_eq!(compare(&section, &table(1021)), ["Sizes: thumb s, flash: 1000 -> 1021"]);
        assert_eq!(compare("", &table(1)), ["Sizes: no row for thumb s"]);
    }

    #[test]
    fn a_compiler_replaces_its_own_section_only() {
        let first = replace("", "# Title\n\ntext\n", "rustc 1", &section(&table(1)));
        let second = replace(&first, "# Title\n\ntext\n", "rustc 2", &section(&table(2)));
        let third = replace(&second, "# New title\n", "rustc 1", &section(&table(3)));
        assert!(
            third.starts_with("# New title\n\n## rustc 1\n\nSizes\n\n| target | opt | flash |\n| --- | --- | ---: |\n")
        );
        assert_eq!(compare(find(&third, "rustc 2").unwrap(), &table(2)), [""; 0]);
        assert_eq!(compare(find(&third, "rustc 1").unwrap(), &table(4)), ["Sizes: thumb s, flash: 3 -> 4"]);
        assert_eq!(find(&third, "rustc 3"), None);
    }
}
