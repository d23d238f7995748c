//! What a linked 32-bit little-endian program holds: the sizes of its sections and its symbols (System V ABI, chapter 4).

use std::collections::BTreeMap;

/// A program as the linker left it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Program {
    /// Bytes per section, by name.
    pub(crate) sections: BTreeMap<String, u32>,
    /// Every named symbol.
    pub(crate) symbols: Vec<Symbol>,
}

/// One entry of the symbol table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// As the compiler mangled it.
    pub(crate) name: String,
    pub(crate) address: u32,
    /// Bytes; 0 where the table does not say.
    pub(crate) size: u32,
}

/// `sh_type` of the symbol table.
const SYMBOL_TABLE: u32 = 2;

/// One entry of the section header table, as far as it matters.
struct Section {
    name: u32,
    kind: u32,
    offset: u32,
    size: u32,
    link: u32,
}

/// `None`: not such a file, or not a whole one.
pub(crate) fn parse(file: &[u8]) -> Option<Program> {
    // Identified as 32-bit, little-endian.
    if file.get(..6)? != b"\x7fELF\x01\x01" {
        return None;
    }
    let (table, entry) = (u32_at(file, 0x20)?, u16_at(file, 0x2e)?);
    let (count, names) = (u16_at(file, 0x30)?, u16_at(file, 0x32)?);
    let sections: Vec<Section> = (0..count).map(|i| section(file, table + i * entry)).collect::<Option<_>>()?;
    let names = sections.get(names as usize)?;
    let mut program = Program::default();
    for section in &sections {
        program.sections.insert(text_at(file, names.offset + section.name)?, section.size);
        if section.kind == SYMBOL_TABLE {
            program.symbols = symbols(file, section, sections.get(section.link as usize)?)?;
        }
    }
    Some(program)
}

fn section(file: &[u8], at: u32) -> Option<Section> {
    let word = |index: u32| u32_at(file, at + 4 * index);
    Some(Section { name: word(0)?, kind: word(1)?, offset: word(4)?, size: word(5)?, link: word(6)? })
}

fn symbols(file: &[u8], table: &Section, names: &Section) -> Option<Vec<Symbol>> {
    let mut symbols = Vec::new();
    for at in (table.offset..table.offset + table.size).step_by(16) {
        let name = text_at(file, names.offset + u32_at(file, at)?)?;
        // `$t`, `$d`, `$x…` mark kinds of code for disassemblers.
        if !name.is_empty() && !name.starts_with('$') {
            symbols.push(Symbol { name, address: u32_at(file, at + 4)?, size: u32_at(file, at + 8)? });
        }
    }
    Some(symbols)
}

fn u32_at(file: &[u8], at: u32) -> Option<u32> {
    Some(u32::from_le_bytes(*file.get(at as usize..)?.first_chunk()?))
}

fn u16_at(file: &[u8], at: u32) -> Option<u32> {
    Some(u16::from_le_bytes(*file.get(at as usize..)?.first_chunk()?).into())
}

/// The zero-terminated text at `at`.
fn text_at(file: &[u8], at: u32) -> Option<String> {
    let text = file.get(at as usize..)?.split(|byte| *byte == 0).next()?;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest file with a symbol: header, names, one symbol, two sections.
    fn file() -> Vec<u8> {
        let mut file = vec![0; 0x34];
        file[..6].copy_from_slice(b"\x7fELF\x01\x01");
        let names = file.len() as u32;
        file.extend(b"\0main\0.tab\0.str\0");
        let symbol = file.len() as u32;
        file.extend([1_u32, 0x100, 24, 0].iter().flat_map(|word| word.to_le_bytes()));
        let table = file.len() as u32;
        file.extend([6, SYMBOL_TABLE, 0, 0, symbol, 16, 1, 0, 0, 16].iter().flat_map(|word| word.to_le_bytes()));
        file.extend([11, 3, 0, 0, names, 16, 0, 0, 0, 0].iter().flat_map(|word: &u32| word.to_le_bytes()));
        file[0x20..0x24].copy_from_slice(&table.to_le_bytes());
        file[0x2e..0x34].copy_from_slice(&[40, 0, 2, 0, 1, 0]);
        file
    }

    #[test]
    fn sections_and_symbols_are_found() {
        let program = parse(&file()).unwrap();
        assert_eq!(program.sections, BTreeMap::from([(".str".to_owned(), 16), (".tab".to_owned(), 16)]));
        assert_eq!(program.symbols, [Symbol { name: "main".to_owned(), address: 0x100, size: 24 }]);
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused() {
        let file = file();
        // The last words of a section header are not needed.
        for length in 0..file.len() - 12 {
            assert_eq!(parse(&file[..length]), None, "{length} bytes");
        }
    }
}
