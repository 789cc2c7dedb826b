//! Encodes the parts of WebAssembly's binary format that the switch needs: sections, instructions, and the
//! relocations that a linker applies to them.

/// The size of a pointer in the module that the object is linked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// `wasm32`
    W32,
    /// `wasm64`: memory and table are indexed with 64 bits
    W64,
}

pub(crate) const I32: u8 = 0x7f;
pub(crate) const F32: u8 = 0x7d;
pub(crate) const I64: u8 = 0x7e;
pub(crate) const ELSE: u8 = 0x05;
pub(crate) const END: u8 = 0x0b;
pub(crate) const RETURN: u8 = 0x0f;
pub(crate) const I32_EQZ: u8 = 0x45;
pub(crate) const I32_EQ: u8 = 0x46;
pub(crate) const I32_NE: u8 = 0x47;
pub(crate) const I64_EQ: u8 = 0x51;

impl Width {
    pub(crate) fn value_type(self) -> u8 {
        self.pick(I32, I64)
    }
    pub(crate) fn const_opcode(self) -> u8 {
        self.pick(0x41, 0x42)
    }
    pub(crate) fn bytes(self) -> u64 {
        self.pick(4, 8)
    }
    pub(crate) fn pick<T>(self, w32: T, w64: T) -> T {
        match self {
            Width::W32 => w32,
            Width::W64 => w64,
        }
    }
}

/// An index into the symbol table.
#[derive(Clone, Copy)]
pub(crate) struct Symbol(pub(crate) u64);

/// A place in a function where the linker writes an index.
#[derive(Clone, Copy)]
pub(crate) struct Relocation {
    pub(crate) kind: u8,
    pub(crate) offset: usize,
    pub(crate) index: u64,
}

// Kinds of relocation. The symbol table lists functions first, then globals, each in the order of their indices.
// So a function's symbol is its index, and that of a global is its index plus [`FIRST_GLOBAL`].
pub(crate) const FUNCTION_INDEX_LEB: u8 = 0;
pub(crate) const TYPE_INDEX_LEB: u8 = 6;
pub(crate) const GLOBAL_INDEX_LEB: u8 = 7;
pub(crate) const FIRST_GLOBAL: Symbol = Symbol(13);

/// A function body under construction.
pub(crate) struct Function {
    width: Width,
    pub(crate) bytes: Vec<u8>,
    pub(crate) relocations: Vec<Relocation>,
}

impl Function {
    pub(crate) fn new(width: Width, locals: &[(u64, u8)]) -> Self {
        let locals: Vec<_> =
            locals.iter().map(|&(count, ty)| [unsigned(count), vec![ty]].concat()).collect();
        Self { width, bytes: vector(&locals), relocations: Vec::new() }
    }

    pub(crate) fn op(&mut self, opcode: u8) -> &mut Self {
        self.bytes.push(opcode);
        self
    }
    pub(crate) fn op_index(&mut self, opcode: u8, index: u64) -> &mut Self {
        self.op(opcode).bytes.extend(unsigned(index));
        self
    }
    /// Writes an index that the linker will replace. It is always five bytes wide.
    pub(crate) fn relocated(&mut self, kind: u8, index: u64, placeholder: u64) -> &mut Self {
        self.relocations.push(Relocation { kind, offset: self.bytes.len(), index });
        let mut rest = placeholder;
        for _ in 0..4 {
            self.bytes.push(rest as u8 & 0x7f | 0x80);
            rest >>= 7;
        }
        self.op(rest as u8)
    }

    pub(crate) fn local_get(&mut self, local: u64) -> &mut Self {
        self.op_index(0x20, local)
    }
    pub(crate) fn local_set(&mut self, local: u64) -> &mut Self {
        self.op_index(0x21, local)
    }
    pub(crate) fn local_tee(&mut self, local: u64) -> &mut Self {
        self.op_index(0x22, local)
    }
    pub(crate) fn global_get(&mut self, symbol: Symbol) -> &mut Self {
        self.op(0x23).relocated(GLOBAL_INDEX_LEB, symbol.0, symbol.0 - FIRST_GLOBAL.0)
    }
    pub(crate) fn global_set(&mut self, symbol: Symbol) -> &mut Self {
        self.op(0x24).relocated(GLOBAL_INDEX_LEB, symbol.0, symbol.0 - FIRST_GLOBAL.0)
    }
    pub(crate) fn call(&mut self, symbol: Symbol) -> &mut Self {
        self.op(0x10).relocated(FUNCTION_INDEX_LEB, symbol.0, symbol.0)
    }
    /// Calls through table 0, encoded in one byte: valid in every version of WebAssembly.
    /// A linker that sees a table import without a table symbol keeps that table at 0.
    pub(crate) fn call_indirect(&mut self, ty: u64) -> &mut Self {
        self.op(0x11).relocated(TYPE_INDEX_LEB, ty, ty).op(0)
    }
    pub(crate) fn i32_const(&mut self, value: u32) -> &mut Self {
        // Below 64, signed and unsigned LEB128 are the same single byte.
        assert!(value < 64);
        self.op(0x41).op(value as u8)
    }
    pub(crate) fn i64_const(&mut self, value: i64) -> &mut Self {
        self.op(0x42).bytes.extend(signed(value));
        self
    }
    pub(crate) fn pointer_const(&mut self, value: u64) -> &mut Self {
        self.op(self.width.const_opcode()).bytes.extend(signed(value as i64));
        self
    }
    /// The argument `AbiTag` (src/raw/switch/mod.rs), which is always 0.0.
    pub(crate) fn abi_tag(&mut self) -> &mut Self {
        self.op(0x43).op(0).op(0).op(0).op(0)
    }
    pub(crate) fn null(&mut self) -> &mut Self {
        self.op(self.width.const_opcode()).op(0)
    }
    pub(crate) fn if_void(&mut self) -> &mut Self {
        self.op(0x04).op(0x40)
    }
    pub(crate) fn block_void(&mut self) -> &mut Self {
        self.op(0x02).op(0x40)
    }
    pub(crate) fn br_if(&mut self, depth: u64) -> &mut Self {
        self.op_index(0x0d, depth)
    }
    pub(crate) fn is_zero(&mut self) -> &mut Self {
        self.op(self.width.pick(0x45, 0x50))
    }
    pub(crate) fn add(&mut self) -> &mut Self {
        self.op(self.width.pick(0x6a, 0x7c))
    }
    pub(crate) fn sub(&mut self) -> &mut Self {
        self.op(self.width.pick(0x6b, 0x7d))
    }
    pub(crate) fn less_or_equal(&mut self) -> &mut Self {
        self.op(self.width.pick(0x4d, 0x58))
    }
    pub(crate) fn greater(&mut self) -> &mut Self {
        self.op(self.width.pick(0x4b, 0x56))
    }
    pub(crate) fn greater_signed(&mut self) -> &mut Self {
        self.op(self.width.pick(0x4a, 0x55))
    }
    pub(crate) fn load(&mut self, field: usize) -> &mut Self {
        self.memory(self.width.pick(0x28, 0x29), self.width.pick(2, 3), field)
    }
    pub(crate) fn store(&mut self, field: usize) -> &mut Self {
        self.memory(self.width.pick(0x36, 0x37), self.width.pick(2, 3), field)
    }
    pub(crate) fn load_u64(&mut self, field: usize) -> &mut Self {
        self.memory(0x29, 3, field)
    }
    pub(crate) fn load_u32(&mut self, field: usize) -> &mut Self {
        self.memory(0x28, 2, field)
    }
    pub(crate) fn store_u32(&mut self, field: usize) -> &mut Self {
        self.memory(0x36, 2, field)
    }
    pub(crate) fn memory(&mut self, opcode: u8, align_log2: u8, field: usize) -> &mut Self {
        let offset = field as u64 * self.width.bytes();
        self.op(opcode).op(align_log2).bytes.extend(unsigned(offset));
        self
    }

    pub(crate) fn end(mut self) -> Self {
        self.op(END);
        self
    }
}

// --- Sections ----------------------------------------------------------------------------

pub(crate) fn function_type(params: &[u8], results: &[u8]) -> Vec<u8> {
    let list = |types: &[u8]| [unsigned(types.len() as u64), types.to_vec()].concat();
    [vec![0x60], list(params), list(results)].concat()
}

pub(crate) fn import(module: &str, field: &str, description: &[u8]) -> Vec<u8> {
    [name(module), name(field), description.to_vec()].concat()
}

pub(crate) fn section(id: u8, content: Vec<u8>) -> Vec<u8> {
    [vec![id], unsigned(content.len() as u64), content].concat()
}

pub(crate) fn vector(items: &[Vec<u8>]) -> Vec<u8> {
    [unsigned(items.len() as u64), items.concat()].concat()
}

pub(crate) fn name(text: &str) -> Vec<u8> {
    [unsigned(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// Unsigned LEB128.
pub(crate) fn unsigned(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// Signed LEB128.
pub(crate) fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        let sign = byte & 0x40 != 0;
        if (value == 0 && !sign) || (value == -1 && sign) {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}
