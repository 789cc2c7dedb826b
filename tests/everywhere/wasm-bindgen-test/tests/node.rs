//! Without a word about a browser these run in Node.

mod cases;
