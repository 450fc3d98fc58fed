//! How numbers are dialled inside of a region: the facts of ITU-T E.164 and of the national numbering plans that are needed
//! to write a number internationally.

/// A region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Its code (ISO 3166-1).
    pub name: &'static str,
    /// What stands behind the `+`.
    code: &'static str,
    /// What is dialled before a number inside of it.
    trunk: &'static str,
    /// Digits of a number without code and trunk.
    fewest: usize,
    most: usize,
}

const fn region(name: &'static str, code: &'static str, trunk: &'static str, digits: (usize, usize)) -> Region {
    Region { name, code, trunk, fewest: digits.0, most: digits.1 }
}

/// The regions that are known.
pub const REGIONS: [Region; 34] = [
    region("AE", "971", "0", (8, 9)),
    region("AM", "374", "0", (8, 8)),
    region("AT", "43", "0", (7, 13)),
    region("AU", "61", "0", (9, 9)),
    region("AZ", "994", "0", (9, 9)),
    region("BE", "32", "0", (8, 9)),
    region("BG", "359", "0", (7, 9)),
    region("BY", "375", "8", (9, 9)),
    region("CA", "1", "1", (10, 10)),
    region("CH", "41", "0", (9, 9)),
    region("CZ", "420", "", (9, 9)),
    region("DE", "49", "0", (6, 13)),
    region("EE", "372", "", (7, 8)),
    region("ES", "34", "", (9, 9)),
    region("FI", "358", "0", (5, 12)),
    region("FR", "33", "0", (9, 9)),
    region("GB", "44", "0", (9, 10)),
    region("GE", "995", "0", (9, 9)),
    region("IL", "972", "0", (8, 9)),
    region("IN", "91", "0", (10, 10)),
    region("IT", "39", "", (6, 11)),
    region("KG", "996", "0", (9, 9)),
    region("KZ", "7", "8", (10, 10)),
    region("LT", "370", "8", (8, 8)),
    region("LV", "371", "", (8, 8)),
    region("NL", "31", "0", (9, 9)),
    region("PL", "48", "", (9, 9)),
    region("RS", "381", "0", (7, 10)),
    region("RU", "7", "8", (10, 10)),
    region("SE", "46", "0", (7, 10)),
    region("TR", "90", "0", (10, 10)),
    region("UA", "380", "0", (9, 9)),
    region("US", "1", "1", (10, 10)),
    region("UZ", "998", "", (9, 9)),
];

impl Region {
    /// The number as E.164 writes it, from digits as they are dialled inside of the region, or with its code.
    pub(super) fn international(&self, digits: &str) -> Option<String> {
        let fits = |number: &&str| (self.fewest..=self.most).contains(&number.len());
        let behind_trunk = digits.strip_prefix(self.trunk).filter(|_| !self.trunk.is_empty()).filter(fits);
        // A number that could be dialled with the trunk is: no other number begins with it where the trunk is 0.
        let number = behind_trunk.filter(|_| self.trunk == "0" || !fits(&digits));
        let number =
            number.or_else(|| Some(digits).filter(fits)).or_else(|| digits.strip_prefix(self.code).filter(fits))?;
        Some(format!("+{}{number}", self.code))
    }
}
