//! Generics, pointers to functions, errors, allocators and tagged unions: what waits is anywhere in
//! them, in what the standard library calls back as well.
const std = @import("std");

extern fn nap(value: i32) i32;
extern fn nap_wide(value: u64) u64;
extern fn nap_real(value: f32) f32;
extern fn print(text: [*]const u8, length: usize) void;

var room: [15_000]u32 = undefined;

/// Where the host saves frames: from where to where is told there.
export fn frames() [*]u32 {
    room[0] = @intFromPtr(&room[2]);
    room[1] = @intFromPtr(&room) + @sizeOf(@TypeOf(room));
    return &room;
}

fn say(comptime format: []const u8, arguments: anytype) void {
    var buffer: [256]u8 = undefined;
    const text = std.fmt.bufPrint(&buffer, format, arguments) catch "too long";
    print(text.ptr, text.len);
}

/// A list for each type of elements, and what it does with each is chosen when it is compiled.
fn List(comptime T: type, comptime weigh: fn (T) u64) type {
    return struct {
        const Self = @This();
        const Node = struct { value: T, next: ?*Node };

        first: ?*Node = null,
        allocator: std.mem.Allocator,

        fn push(self: *Self, value: T) !void {
            const node = try self.allocator.create(Node);
            errdefer self.allocator.destroy(node);
            if (nap(1) != 1) return error.Impossible;
            node.* = .{ .value = value, .next = self.first };
            self.first = node;
        }

        fn total(self: *const Self) u64 {
            var sum: u64 = 0;
            var at = self.first;
            while (at) |node| : (at = node.next) sum += weigh(node.value);
            return sum;
        }

        fn deinit(self: *Self) void {
            while (self.first) |node| {
                self.first = node.next;
                _ = nap(0);
                self.allocator.destroy(node);
            }
        }
    };
}

fn weighByte(byte: u8) u64 {
    return nap_wide(byte) << 33;
}

const Point = struct { x: f32, y: i16 };

fn weighPoint(point: Point) u64 {
    return @intFromFloat(nap_real(point.x) + @as(f32, @floatFromInt(nap(point.y))));
}

const Failure = error{ Odd, Deep, Impossible };

/// What it has begun it ends, however it is left.
fn descend(depth: u32, log: *std.ArrayList(u8), allocator: std.mem.Allocator) (Failure || std.mem.Allocator.Error)!u32 {
    try log.append(allocator, '(');
    defer {
        _ = nap(7);
        log.appendAssumeCapacity(')');
    }
    errdefer log.appendAssumeCapacity(if (nap(2) == 2) '!' else '?');
    try log.ensureUnusedCapacity(allocator, 4);
    if (depth == 5) return error.Deep;
    if (nap(@intCast(depth)) == 3) {
        const found = descend(depth + 1, log, allocator) catch |failure| switch (failure) {
            error.Deep => return @intCast(nap(100)),
            else => return failure,
        };
        return found + 1;
    }
    return try descend(depth + 1, log, allocator) * 2;
}

const Expression = union(enum) {
    number: i32,
    negative: *const Expression,
    call: struct { function: *const fn (i32, i32) Failure!i32, left: *const Expression, right: *const Expression },

    fn evaluate(self: Expression) Failure!i32 {
        return switch (self) {
            .number => |value| nap(value),
            .negative => |inner| -try inner.evaluate(),
            .call => |call| try call.function(try call.left.evaluate(), try call.right.evaluate()),
        };
    }
};

fn add(left: i32, right: i32) Failure!i32 {
    return nap(left) +% right;
}

fn half(left: i32, right: i32) Failure!i32 {
    if (@mod(nap(left), 2) != 0) return error.Odd;
    return @divExact(left, 2) -% right;
}

const Slow = struct {
    pub fn hash(_: Slow, key: u32) u64 {
        return nap_wide(key *% 2654435761);
    }
    pub fn eql(_: Slow, left: u32, right: u32) bool {
        return nap(@bitCast(left)) == @as(i32, @bitCast(right));
    }
};

fn before(by: i32, left: i32, right: i32) bool {
    return @mod(nap(left), by) < @mod(right, by);
}

/// A vector waits, too.
fn vectors() void {
    var sum: @Vector(4, f32) = .{ 1, 2, 3, 4 };
    inline for (.{ 0.5, 2.0, -1.0 }) |factor| {
        sum += @as(@Vector(4, f32), @splat(nap_real(factor))) * sum;
    }
    say("vector {d} {d}", .{ @reduce(.Add, sum), sum[3] });
}

fn run(allocator: std.mem.Allocator) !void {
    var bytes: List(u8, weighByte) = .{ .allocator = allocator };
    defer bytes.deinit();
    for ("waits") |byte| try bytes.push(byte);
    var points: List(Point, weighPoint) = .{ .allocator = allocator };
    defer points.deinit();
    inline for (0..4) |at| try points.push(.{ .x = @as(f32, @floatFromInt(at)) * 2.5, .y = 9 - @as(i16, at) });
    say("lists {d} {d}", .{ bytes.total(), points.total() });

    var log: std.ArrayList(u8) = .empty;
    defer log.deinit(allocator);
    say("descended {d}", .{try descend(0, &log, allocator)});
    if (descend(4, &log, allocator)) |_| return error.Impossible else |failure| say("{s} {t}", .{ log.items, failure });

    const three: Expression = .{ .number = 3 };
    const twenty: Expression = .{ .number = 20 };
    const minus: Expression = .{ .negative = &three };
    const sum: Expression = .{ .call = .{ .function = add, .left = &twenty, .right = &minus } };
    const halved: Expression = .{ .call = .{ .function = half, .left = &twenty, .right = &sum } };
    const odd: Expression = .{ .call = .{ .function = half, .left = &sum, .right = &halved } };
    for ([_]Expression{ sum, halved, odd }) |expression| {
        if (expression.evaluate()) |value| say("is {d}", .{value}) else |failure| say("fails: {t}", .{failure});
    }

    var map: std.HashMapUnmanaged(u32, i32, Slow, 80) = .empty;
    defer map.deinit(allocator);
    for (0..12) |at| {
        const key: u32 = @intCast(at * at % 7);
        const entry = try map.getOrPutContext(allocator, key, .{});
        entry.value_ptr.* = if (entry.found_existing) entry.value_ptr.* + 1 else nap(10);
    }
    for (0..7) |key| if (map.getContext(@intCast(key), .{})) |value| say("{d}: {d}", .{ key, value });

    var numbers = [_]i32{ 15, 4, 8, 23, 42, 16, -7, 31 };
    std.mem.sort(i32, &numbers, @as(i32, 10), before);
    say("{any}", .{numbers});
    vectors();
}

export fn main() void {
    var memory: [4096]u8 = undefined;
    var fixed: std.heap.FixedBufferAllocator = .init(&memory);
    const allocators = [_]std.mem.Allocator{ std.heap.wasm_allocator, fixed.allocator() };
    for (allocators) |allocator| run(allocator) catch |failure| say("it ends by {t}", .{failure});
    var small: [64]u8 = undefined;
    fixed = .init(&small);
    run(fixed.allocator()) catch |failure| say("it ends by {t}", .{failure});
}
