//! stub
pub struct Vault;
impl Vault {
    pub fn mac(&self, _purpose: &str, _data: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}
