//! Two crates declare the same function of the host's, each for itself, and differently.

mod one {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        safe fn sleep() -> i32;
    }

    #[inline(never)]
    pub fn wait() -> i32 {
        sleep()
    }
}

mod other {
    #[link(wasm_import_module = "env")]
    #[allow(clashing_extern_declarations)]
    unsafe extern "C" {
        safe fn sleep();
        pub safe fn log(value: i32);
    }

    #[inline(never)]
    pub fn wait() {
        log(1);
        sleep();
        log(2);
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn not_called() -> i32 {
    one::wait()
}

#[unsafe(no_mangle)]
pub extern "C" fn main() {
    other::log(0);
    other::wait();
    other::log(3);
}
