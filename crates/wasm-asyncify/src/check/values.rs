//! The values of locals and operands, as far as they are known: constants, unknowns, and computations of these.
//!
//! This is value numbering: values that are known to be equal have the same number. So two values with
//! different numbers may still be equal, but two with the same number always are.

use std::collections::HashMap;

use wasmparser::RefType;

/// The number of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Value(u32);

impl Value {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A constant of some type. Two are equal if their bits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Constant {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    V128([u8; 16]),
    Null,
}

impl Constant {
    /// Whether it is true as a condition.
    pub(super) fn is_true(self) -> bool {
        self != Self::I32(0)
    }
}

/// An integer operator, in either width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Integer {
    Eqz,
    Eq,
    Ne,
    LtS,
    LtU,
    GtS,
    GtU,
    LeS,
    LeU,
    GeS,
    GeU,
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    Shl,
    ShrS,
    ShrU,
    /// Converts `i64` to `i32`.
    Wrap,
    ExtendS,
    ExtendU,
}

/// The definition of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Constant(Constant),
    /// Anything.
    Unknown,
    /// An unknown, and a constant that is not 0.
    Sum(Value, Constant),
    /// An operator with one or two operands. If it has one, the second repeats the first.
    Integer(Integer, [Value; 2]),
    /// The first if the third is not 0, else the second.
    Select([Value; 3]),
}

/// A value, and how it was computed: see [`operands`](super::operands).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) value: Value,
    /// How it was computed, if it was.
    pub(super) term: Option<Term>,
}

/// The number of a computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term(u32);

/// How a value is computed from others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Computation {
    /// If the operator has one operand, the second repeats the first.
    Integer(Integer, [Operand; 2]),
    /// The first if the third is not 0, else the second.
    Select([Operand; 3]),
}

/// All computations of one walk through a function.
#[derive(Debug, Default)]
pub(super) struct Terms(Vec<Computation>);

impl From<Value> for Operand {
    fn from(value: Value) -> Self {
        Self { value, term: None }
    }
}

impl Terms {
    pub(super) fn push(&mut self, computation: Computation) -> Term {
        self.0.push(computation);
        Term(self.0.len() as u32 - 1)
    }

    pub(super) fn get(&self, term: Term) -> Computation {
        self.0[term.0 as usize]
    }
}

/// All values of one walk through a function.
#[derive(Debug, Default)]
pub(super) struct Values {
    nodes: Vec<Node>,
    known: HashMap<Node, Value>,
    /// The sites whose rewinds are to blame if a value is unknown.
    blamed: HashMap<Value, usize>,
    /// The known types of references: see [`types`](super::types).
    pub(super) types: HashMap<Value, Vec<RefType>>,
    /// How operands were computed.
    pub(super) terms: Terms,
}

impl Values {
    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, value: Value) -> Node {
        self.nodes[value.index()]
    }

    /// A fresh unknown, different from all others.
    pub(super) fn unknown(&mut self) -> Value {
        self.push(Node::Unknown)
    }

    /// A fresh unknown, with the site whose rewind is to blame for it.
    pub(super) fn unknown_for(&mut self, blamed: Option<usize>) -> Value {
        let value = self.unknown();
        self.blamed.extend(blamed.map(|site| (value, site)));
        value
    }

    pub(super) fn blamed(&self, value: Value) -> Option<usize> {
        self.blamed.get(&value).copied()
    }

    pub(super) fn unknowns(&mut self, count: usize) -> Vec<Value> {
        (0..count).map(|_| self.unknown()).collect()
    }

    pub(super) fn constant(&mut self, constant: Constant) -> Value {
        self.numbered(Node::Constant(constant))
    }

    pub(super) fn as_constant(&self, value: Value) -> Option<Constant> {
        match self.node(value) {
            Node::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// The unknown and the constant offset in bytes that a value is the sum of, in the width of addresses.
    pub(super) fn as_sum(&self, value: Value) -> Option<(Value, i64)> {
        match self.node(value) {
            Node::Unknown => Some((value, 0)),
            Node::Sum(base, Constant::I32(more)) => Some((base, more.cast_signed().into())),
            Node::Sum(base, Constant::I64(more)) => Some((base, more.cast_signed())),
            _ => None,
        }
    }

    pub(super) fn select(&mut self, if_true: Value, if_false: Value, condition: Value) -> Value {
        match self.as_constant(condition) {
            Some(condition) if condition.is_true() => if_true,
            Some(_) => if_false,
            None if if_true == if_false => if_true,
            None => self.numbered(Node::Select([if_true, if_false, condition])),
        }
    }

    pub(super) fn integer(&mut self, operator: Integer, operands: [Value; 2]) -> Value {
        let [a, b] = operands.map(|operand| self.as_constant(operand));
        if let (Some(a), Some(b)) = (a, b)
            && let Some(result) = fold(operator, a, b)
        {
            return self.constant(result);
        }
        let sum = match (operator, a, b) {
            (Integer::Add, None, Some(more)) => self.sum(operands[0], more),
            (Integer::Add, Some(more), None) => self.sum(operands[1], more),
            (Integer::Sub, None, Some(Constant::I32(less))) => {
                self.sum(operands[0], Constant::I32(less.wrapping_neg()))
            }
            (Integer::Sub, None, Some(Constant::I64(less))) => {
                self.sum(operands[0], Constant::I64(less.wrapping_neg()))
            }
            _ => None,
        };
        sum.unwrap_or_else(|| self.numbered(Node::Integer(operator, operands)))
    }

    fn sum(&mut self, value: Value, more: Constant) -> Option<Value> {
        let (base, before) = match self.node(value) {
            Node::Sum(base, before) => (base, before),
            _ => (value, zero_like(more)),
        };
        let sum = fold(Integer::Add, before, more)?;
        Some(if sum == zero_like(sum) { base } else { self.numbered(Node::Sum(base, sum)) })
    }

    /// The condition without the `eqz`s around it, and whether there is an odd number of them.
    pub(super) fn without_eqz(&self, mut condition: Value) -> (Value, bool) {
        let mut is_inverted = false;
        while let Node::Integer(Integer::Eqz, [inner, _]) = self.node(condition) {
            condition = inner;
            is_inverted = !is_inverted;
        }
        (condition, is_inverted)
    }

    fn numbered(&mut self, node: Node) -> Value {
        if let Some(value) = self.known.get(&node) {
            return *value;
        }
        let value = self.push(node);
        self.known.insert(node, value);
        value
    }

    fn push(&mut self, node: Node) -> Value {
        self.nodes.push(node);
        Value(self.nodes.len() as u32 - 1)
    }
}

fn zero_like(constant: Constant) -> Constant {
    match constant {
        Constant::I64(_) => Constant::I64(0),
        _ => Constant::I32(0),
    }
}

/// Evaluates an operator on constants.
fn fold(operator: Integer, a: Constant, b: Constant) -> Option<Constant> {
    match (a, b) {
        (Constant::I32(a), Constant::I32(b)) => {
            let (signed_a, signed_b) = (a.cast_signed(), b.cast_signed());
            let value = match operator {
                Integer::Add => a.wrapping_add(b),
                Integer::Sub => a.wrapping_sub(b),
                Integer::Mul => a.wrapping_mul(b),
                Integer::And => a & b,
                Integer::Or => a | b,
                Integer::Xor => a ^ b,
                Integer::Shl => a.wrapping_shl(b),
                Integer::ShrU => a.wrapping_shr(b),
                Integer::ShrS => signed_a.wrapping_shr(b).cast_unsigned(),
                Integer::ExtendS => {
                    return Some(Constant::I64(i64::from(signed_a).cast_unsigned()));
                }
                Integer::ExtendU => return Some(Constant::I64(a.into())),
                Integer::Wrap => return None,
                _ => compared(operator, (a.into(), b.into()), (signed_a.into(), signed_b.into()))?,
            };
            Some(Constant::I32(value))
        }
        (Constant::I64(a), Constant::I64(b)) => {
            let (signed_a, signed_b) = (a.cast_signed(), b.cast_signed());
            let value = match operator {
                Integer::Add => a.wrapping_add(b),
                Integer::Sub => a.wrapping_sub(b),
                Integer::Mul => a.wrapping_mul(b),
                Integer::And => a & b,
                Integer::Or => a | b,
                Integer::Xor => a ^ b,
                Integer::Shl => a.wrapping_shl(b as u32),
                Integer::ShrU => a.wrapping_shr(b as u32),
                Integer::ShrS => signed_a.wrapping_shr(b as u32).cast_unsigned(),
                Integer::Wrap => return Some(Constant::I32(a as u32)),
                Integer::ExtendS | Integer::ExtendU => return None,
                _ => {
                    let result = compared(operator, (a, b), (signed_a, signed_b))?;
                    return Some(Constant::I32(result));
                }
            };
            Some(Constant::I64(value))
        }
        _ => None,
    }
}

fn compared(operator: Integer, (a, b): (u64, u64), signed: (i64, i64)) -> Option<u32> {
    let result = match operator {
        Integer::Eqz => a == 0,
        Integer::Eq => a == b,
        Integer::Ne => a != b,
        Integer::LtU => a < b,
        Integer::GtU => a > b,
        Integer::LeU => a <= b,
        Integer::GeU => a >= b,
        Integer::LtS => signed.0 < signed.1,
        Integer::GtS => signed.0 > signed.1,
        Integer::LeS => signed.0 <= signed.1,
        Integer::GeS => signed.0 >= signed.1,
        _ => return None,
    };
    Some(result.into())
}
