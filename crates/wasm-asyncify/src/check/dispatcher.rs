//! The dispatcher. It is not executed symbolically, as other functions are, because it is a loop over frames of
//! which nothing is known. Its code is the same in all modules, so it is compared with the code here.
//!
//! ```text
//!   local 0   data                4   how much of the segment was taken
//!         1   the segment's base  5   data->start
//!         2   its cursor          6   the function's number
//!         3   its top             7   the state that it finds
//!                                 8   whether it is the last frame
//! ```

use wasmparser::{BlockType, MemArg, MemArgTarget, Operator};

use super::code::Code;
use super::machine::Added;
use super::protocol::EXCEPTION;
use super::search::Stack;
use super::thrown::Thrown;
use super::wrong::Wrong;

/// `p` is the type of addresses, `P` the size of one. Functions have the names that the transform gives them.
/// `limit` is there if the module has a limit of the stack.
const CODE: &str = "
    global.get data  local.tee 0  p.load 0  local.set 3
    local.get 0  p.load P  p.const P  p.sub  p.load 0  local.tee 1  local.set 2
    i32.const 3  local.set 7
    loop
      local.get 2  p.const 4  p.add  global.set frame
      local.get 2  local.get 2  i32.load 0  local.tee 6  call frame_size  p.add  local.tee 2
      local.get 3  p.eq
      if
        i32.const 1  local.set 8
        local.get 0  local.get 1  p.store 0
      else
        local.get 2  i32.load 0  i32.const -1  i32.eq
        if
          local.get 0  local.get 1  local.tee 3  p.store 0
          local.get 2  p.load 4+P  local.set 1
          local.get 2  p.load 4  local.set 2
        end
      end
      LIMIT
      PASS_OVER
      local.get 0  global.set data
      local.get 7  global.set state
      ENTER
      global.get state
      if
        local.get 8  if  return  end
        local.get 0  p.load 0  local.tee 5  local.get 0  p.load P  p.gt_u  if  return  end
        local.get 0  p.load P  p.const P  p.sub  p.load 0  local.get 3  p.eq  i32.eqz
        if  unreachable  end
        local.get 2  local.get 1  p.sub  local.tee 4  local.get 3  local.get 2  p.sub  p.gt_u
        if
          local.get 3  local.get 4  p.sub  local.set 3
          loop
            local.get 2  local.get 4  p.sub  local.get 2  i32.load 0  i32.store 0
            local.get 2  p.const 4  p.add  local.tee 2  local.get 5  p.eq  i32.eqz  br_if 0
          end
          local.get 5  local.get 4  p.sub  local.set 5
          local.get 1  local.set 2
        end
        local.get 0  local.get 5  p.const 4+2P  p.add  p.store 0
        local.get 5  p.const 4+3P  p.add  local.get 0  p.load P  p.gt_u
        if
          local.get 0  local.get 5  p.const 4+3P  p.add  p.store 0
          return
        end
        local.get 5  i32.const -1  i32.store 0
        local.get 5  local.get 2  p.store 4
        local.get 5  local.get 1  p.store 4+P
        local.get 0  p.load P  p.const P  p.sub  local.get 3  p.store 0
        return
      end
      i32.const 4  local.set 7
      local.get 8  i32.eqz  br_if 0
    end
    end";

const LIMIT: &str = "local.get 0 p.load 0 global.get reserve p.add global.set limit";

const ENTER: &str = "local.get 6 call enter";

/// With exceptions, the code for `PASS_OVER`, and that for `ENTER`.
const PASS_OVER: &str = "
    local.get 7  i32.const 5  i32.eq
    if
      local.get 6  call catches  i32.eqz
      if  local.get 8  i32.eqz  br_if 2  call throw  unreachable  end
    end";
const CATCHING: &str = "
    block
      block exnref
        try_table [AllRef { label: 0 }]  ENTER  end
        br 1
      end
      global.set exception  i32.const 5  local.set 7
      local.get 8  i32.eqz  br_if 1  call throw  unreachable
    end";

/// The functions that the dispatcher uses, by index.
pub(super) struct Uses<'a, 'm> {
    pub(super) added: &'m Added<'a>,
    pub(super) frame_size: u32,
    pub(super) enter: u32,
    pub(super) thrown: Option<Thrown>,
}

/// Proves that this is the dispatcher. Returns the globals with the limit of the stack and its distance from the
/// saved frames, if the module has a limit. Any globals of the original are accepted: nothing else tells which
/// these are.
pub(super) fn check(code: &Code<'_>, uses: &Uses<'_, '_>) -> Result<Option<Stack>, Wrong> {
    let found: Vec<_> = code.steps.iter().map(|step| word(&step.operator, uses)).collect();
    let found = found.join(" ");
    let (ty, size) = if uses.added.memory64 { ("i64.", 8) } else { ("i32.", 4) };
    let (pass_over, enter) = match uses.thrown {
        Some(_) => (PASS_OVER, CATCHING),
        None => ("", "ENTER"),
    };
    let expected = |limit: &str| {
        let words = CODE.replace("LIMIT", limit).replace("PASS_OVER", pass_over);
        let words = words.replace("ENTER", enter).replace("ENTER", ENTER);
        let words: Vec<_> = words.split_whitespace().collect();
        let sizes =
            [("4+3P", 4 + 3 * size), ("4+2P", 4 + 2 * size), ("4+P", 4 + size), ("P", size)];
        let text = words.join(" ").replace("p.", ty);
        sizes.iter().fold(text, |text, (name, size)| text.replace(name, &size.to_string()))
    };
    if found == expected("") {
        return Ok(None);
    }
    if found == expected(LIMIT) {
        let is_before = |name: &str| {
            let mut steps = code.steps.iter().map(|step| &step.operator);
            steps.find(|operator| word(operator, uses) == name)
        };
        if let (
            Some(Operator::GlobalGet { global_index: reserve }),
            Some(Operator::GlobalSet { global_index: limit }),
        ) = (is_before("global.get reserve"), is_before("global.set limit"))
        {
            return Ok(Some(Stack { reserve: *reserve, limit: *limit }));
        }
    }
    Err(Wrong::new("what goes from frame to frame is not the dispatcher that is known"))
}

fn word(operator: &Operator<'_>, uses: &Uses<'_, '_>) -> String {
    let added = &uses.added.globals;
    let global = |index: u32| match added.iter().position(|global| *global == index) {
        Some(0) => "state",
        Some(1) => "data",
        Some(2) => "frame",
        Some(EXCEPTION) if uses.thrown.is_some() => "exception",
        // The limit is set after the reserve is read, and to another value: see `check`.
        None if added.last().is_some_and(|last| index < *last) => "before",
        _ => "another",
    };
    let is_of_frames = |memarg: &MemArg| memarg.target == MemArgTarget::Memory(uses.added.memory);
    let access = |name: &str, memarg: &MemArg| match is_of_frames(memarg) {
        true => format!("{name} {}", memarg.offset),
        false => format!("{name} of another memory"),
    };
    match operator {
        Operator::LocalGet { local_index } => format!("local.get {local_index}"),
        Operator::LocalSet { local_index } => format!("local.set {local_index}"),
        Operator::LocalTee { local_index } => format!("local.tee {local_index}"),
        Operator::GlobalGet { global_index } => match global(*global_index) {
            "before" => "global.get reserve".to_owned(),
            name => format!("global.get {name}"),
        },
        Operator::GlobalSet { global_index } => match global(*global_index) {
            "before" => "global.set limit".to_owned(),
            name => format!("global.set {name}"),
        },
        Operator::Call { function_index } => match *function_index {
            it if it == uses.frame_size => "call frame_size".to_owned(),
            it if it == uses.enter => "call enter".to_owned(),
            it if uses.thrown.is_some_and(|thrown| it == thrown.catches) => {
                "call catches".to_owned()
            }
            it if uses.thrown.is_some_and(|thrown| it == thrown.throw) => "call throw".to_owned(),
            other => format!("call {other}"),
        },
        Operator::I32Const { value } => format!("i32.const {value}"),
        Operator::I64Const { value } => format!("i64.const {value}"),
        Operator::I32Load { memarg } => access("i32.load", memarg),
        Operator::I64Load { memarg } => access("i64.load", memarg),
        Operator::I32Store { memarg } => access("i32.store", memarg),
        Operator::I64Store { memarg } => access("i64.store", memarg),
        Operator::I32Add => "i32.add".to_owned(),
        Operator::I64Add => "i64.add".to_owned(),
        Operator::I32Sub => "i32.sub".to_owned(),
        Operator::I64Sub => "i64.sub".to_owned(),
        Operator::I32Eq => "i32.eq".to_owned(),
        Operator::I64Eq => "i64.eq".to_owned(),
        Operator::I32Eqz => "i32.eqz".to_owned(),
        Operator::I32GtU => "i32.gt_u".to_owned(),
        Operator::I64GtU => "i64.gt_u".to_owned(),
        Operator::Loop { .. } => "loop".to_owned(),
        Operator::Block { blockty: BlockType::Empty } => "block".to_owned(),
        Operator::Block { blockty: BlockType::Type(ty) } => format!("block {ty}"),
        Operator::TryTable { try_table } if try_table.ty == BlockType::Empty => {
            format!("try_table {:?}", try_table.catches)
        }
        Operator::Br { relative_depth } => format!("br {relative_depth}"),
        Operator::If { .. } => "if".to_owned(),
        Operator::Else => "else".to_owned(),
        Operator::End => "end".to_owned(),
        Operator::Return => "return".to_owned(),
        Operator::Unreachable => "unreachable".to_owned(),
        Operator::BrIf { relative_depth } => format!("br_if {relative_depth}"),
        other => format!("{other:?}"),
    }
}
