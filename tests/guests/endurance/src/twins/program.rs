// The code of random programs, for both versions: see `mod.rs`. `function!` defines a function, `call!` calls one,
// and `wait!` waits.

function! {
    fn any(world, n) {
        if n == 0 || !world.enters() {
            return Ok(n);
        }
        match world.below(6) {
            0 => call!(deep(world, 3 * n)),
            1 => call!(many(world, n - 1)),
            2 => call!(catches(world, n - 1)),
            3 => call!(polls(world, n - 1)),
            4 => Ok(call!(any(world, n - 1))? ^ call!(leaf(world, n))?),
            _ => call!(leaf(world, 2 * n)),
        }
    }
}

// Waits in a loop, as the innermost function.
function! {
    fn leaf(world, n) {
        let mut sum = n;
        for turn in 0..n {
            if world.below(3) > 0 {
                world.count(&world.waits);
                wait!()?;
            }
            sum = sum.wrapping_add(world.below(100) ^ turn);
            world.trace(sum);
        }
        if world.below(25) == 0 {
            return Err(throw(sum));
        }
        Ok(sum)
    }
}

// Recurses deeply, and sometimes waits on the way back.
function! {
    fn deep(world, n) {
        let guard = Guard(world, n);
        let below = if n == 0 { call!(any(world, 3))? } else { call!(deep(world, n - 1))? };
        if world.below(8) == 0 {
            world.count(&world.waits);
            wait!()?;
        }
        Ok(below.wrapping_mul(3) ^ guard.1)
    }
}

// Has live values of all types while it waits.
function! {
    fn many(world, n) {
        let (mut longs, mut float) = ([u64::from(n); 3], f64::from(n) * 0.5);
        let text = format!("{n}");
        for turn in 0..3 {
            let got = call!(any(world, n))?;
            longs[turn] = longs[turn].wrapping_add(u64::from(got) << 7);
            float += f64::from(got & 0xff);
            black_box(&mut longs);
        }
        world.trace(longs.iter().fold(float as u32, |sum, long| sum ^ *long as u32));
        Ok(text.len() as u32 ^ longs[2] as u32)
    }
}

function! {
    fn catches(world, n) {
        let guard = Guard(world, n ^ 0x80);
        match catching!(any(world, n)) {
            Err(End::Thrown(value)) => {
                world.count(&world.caught);
                world.trace(value);
                call!(leaf(world, 2))
            }
            other => other.map(|value| value ^ guard.1),
        }
    }
}

// An executor: polls a task a few times, and then drops it.
function! {
    fn polls(world, n) {
        let mut inner = task(world, n);
        for turn in 0..1 + world.below(12) {
            if let Poll::Ready(outcome) = poll(&mut inner) {
                world.trace(turn);
                return outcome;
            }
            if world.below(3) == 0 {
                world.count(&world.waits);
                wait!()?;
            }
        }
        world.count(&world.dropped);
        Ok(n)
    }
}
