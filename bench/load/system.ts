/**
 * The few system calls that a load generator needs, without the runtime's event
 * loop in between: it costs several times as much as the calls themselves, and
 * what is measured would be the generator. Linux only.
 *
 * @module
 */

const library = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept: { parameters: ["i32", "usize", "usize"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  // Sizes here have 64 bits, but none of ours needs more than 32: so they stay
  // plain numbers.
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
});
const { symbols } = library;

const internet = 2; // AF_INET
const stream = 1; // SOCK_STREAM
const tcp = 6; // IPPROTO_TCP
const noDelay = 1; // TCP_NODELAY
const noSignal = 0x4000; // MSG_NOSIGNAL
const addOperation = 1; // EPOLL_CTL_ADD
const readable = 1; // EPOLLIN

/** A connection or a listening port, as the kernel numbers it. */
export type Descriptor = number;

/** `struct sockaddr_in` of a port of this machine's loopback. */
function loopbackAddress(port: number): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  view.setUint16(0, internet, true);
  view.setUint16(2, port);
  address.set([127, 0, 0, 1], 4);
  return address;
}

function openSocket(): Descriptor {
  const descriptor = symbols.socket(internet, stream, 0);
  if (descriptor < 0) throw new Error("no socket: too many open files?");
  return descriptor;
}

function sendAtOnce(descriptor: Descriptor): void {
  symbols.setsockopt(descriptor, tcp, noDelay, new Uint8Array([1, 0, 0, 0]), 4);
}

/** Connects to a port of this machine. */
export function connectLoopback(port: number): Descriptor {
  const descriptor = openSocket();
  if (symbols.connect(descriptor, loopbackAddress(port), 16) !== 0) {
    throw new Error(`nobody listens on port ${port}`);
  }
  sendAtOnce(descriptor);
  return descriptor;
}

/** Listens on a port of this machine. */
export function listenLoopback(port: number): Descriptor {
  const descriptor = openSocket();
  const backlog = 1024;
  if (
    symbols.bind(descriptor, loopbackAddress(port), 16) !== 0 ||
    symbols.listen(descriptor, backlog) !== 0
  ) throw new Error(`cannot listen on port ${port}`);
  return descriptor;
}

/** Takes the next connection; waits for it. */
export function acceptConnection(listening: Descriptor): Descriptor {
  const descriptor = symbols.accept(listening, 0n, 0n);
  sendAtOnce(descriptor);
  return descriptor;
}

/** Reads what there is, at least a byte. 0 at the end of the stream. */
export function read(
  descriptor: Descriptor,
  target: Uint8Array<ArrayBuffer>,
): number {
  const count = symbols.read(descriptor, target, target.length);
  if (count < 0) throw new Error("the connection broke");
  return count;
}

/** Writes all the bytes; waits until the kernel has taken them. */
export function write(
  descriptor: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  let rest = bytes;
  while (rest.length > 0) {
    const count = symbols.send(descriptor, rest, rest.length, noSignal);
    if (count < 0) throw new Error("the connection broke");
    rest = rest.subarray(count);
  }
}

export function close(descriptor: Descriptor): void {
  symbols.close(descriptor);
}

/** `struct epoll_event` is packed on x86-64 and nowhere else. */
const [eventBytes, dataOffset] = Deno.build.arch === "x86_64"
  ? [12, 4]
  : [16, 8];

/** Waits until one of many connections has something to read. */
export class Poller {
  readonly #descriptor = symbols.epoll_create1(0);
  readonly #maxEvents = 1024;
  readonly #events = new Uint8Array(this.#maxEvents * eventBytes);
  readonly #view = new DataView(this.#events.buffer);

  add(descriptor: Descriptor): void {
    const event = new Uint8Array(eventBytes);
    const view = new DataView(event.buffer);
    view.setUint32(0, readable, true);
    view.setInt32(dataOffset, descriptor, true);
    symbols.epoll_ctl(this.#descriptor, addOperation, descriptor, event);
  }

  /**
   * Calls back for each that can be read, and returns how many there were; after
   * `timeoutMs` at most.
   */
  wait(
    timeoutMs: number,
    onReadable: (descriptor: Descriptor) => void,
  ): number {
    const count = symbols.epoll_wait(
      this.#descriptor,
      this.#events,
      this.#maxEvents,
      timeoutMs,
    );
    for (let index = 0; index < count; index++) {
      onReadable(this.#view.getInt32(index * eventBytes + dataOffset, true));
    }
    return count;
  }

  [Symbol.dispose](): void {
    close(this.#descriptor);
  }
}
