//! Random touches of memory. `unsafe` is forbidden here, so the memory is the process's own and not a mapped file; a page of a file that is in the page
//! cache costs the same to touch.

/// Memory, and where it is touched next.
pub struct Touched {
    words: Vec<u16>,
    next: u64,
}

impl Touched {
    /// So many bytes, all of them there.
    pub fn new(bytes: usize) -> Self {
        Self { words: vec![0x5A5A; bytes.div_ceil(2).max(1)], next: 0x9E37_79B9_7F4A_7C15 }
    }

    /// Touches so many words; what they add up to. Each place hangs on the word before, so that they do not overlap.
    pub fn many(&mut self, touches: u32) -> u64 {
        let mut sum = 0;
        for _ in 0..touches {
            self.next ^= self.next << 13;
            self.next ^= self.next >> 7;
            self.next ^= self.next << 17;
            let place = usize::try_from(self.next ^ sum).unwrap_or(0) % self.words.len();
            sum = sum.wrapping_add(self.words.get(place).copied().unwrap_or(0).into());
        }
        sum
    }
}
