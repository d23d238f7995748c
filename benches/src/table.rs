//! Tables that read well on a terminal and are Markdown too.

/// Rows of cells under a header; the first column is text, the others numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self { rows: vec![header.into_iter().map(Into::into).collect()] }
    }

    /// Adds a row, which should have as many cells as the header.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table as Markdown: columns aligned, those of numbers to the right.
    pub fn markdown(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cells = |at: usize| self.rows.iter().map(move |row| row.get(at).map_or("", String::as_str));
        let widths: Vec<usize> =
            (0..columns).map(|at| cells(at).map(|cell| cell.chars().count()).max().unwrap_or(0).max(4)).collect();
        let is_number = |cell: &str| cell == "-" || cell.starts_with(|c: char| c.is_ascii_digit());
        let numeric: Vec<bool> = (0..columns).map(|at| cells(at).skip(1).all(is_number)).collect();

        let mut text = String::new();
        for (n, row) in self.rows.iter().enumerate() {
            for at in 0..columns {
                let (cell, width) = (row.get(at).map_or("", String::as_str), widths[at]);
                text += &if numeric[at] { format!("| {cell:>width$} ") } else { format!("| {cell:<width$} ") };
            }
            text += "|\n";
            if n == 0 {
                for at in 0..columns {
                    text += &format!("| {}{} ", "-".repeat(widths[at] - 1), if numeric[at] { ":" } else { "-" });
                }
                text += "|\n";
            }
        }
        text
    }
}

/// A number with three significant digits, and how many times the reference it is.
pub fn with_ratio(number: f64, ratio: f64) -> String {
    format!("{} ({} ×)", significant(number), significant(ratio))
}

/// A count, thousands apart.
pub fn whole(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// Three significant digits, or all that are before the point.
pub fn significant(number: f64) -> String {
    match number {
        n if n >= 999.5 => whole(n.round() as u64),
        n if n >= 99.95 => format!("{n:.0}"),
        n if n >= 9.995 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(["who", "many"]);
        table.row(["ours", "1"]);
        table.row(["somebody", "1,000"]);
        let expected = "| who      |  many |\n| -------- | ----: |\n| ours     |     1 |\n| somebody | 1,000 |\n";
        assert_eq!(table.markdown(), expected);
    }

    #[test]
    fn numbers_keep_three_digits() {
        let numbers = [0.5, 7.321, 12.34, 123.4, 9999.0].map(significant);
        assert_eq!(numbers, ["0.50", "7.32", "12.3", "123", "9,999"]);
        assert_eq!([4, 1234, 23_000_000].map(whole), ["4", "1,234", "23,000,000"]);
    }
}
