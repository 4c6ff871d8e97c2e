/**
 * System calls without Deno's event loop. The event loop costs several times as
 * much as the calls: the generator would be slower than the servers that it
 * measures. Linux only.
 *
 * @module
 */

const { symbols } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept: { parameters: ["i32", "usize", "usize"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  // These sizes have 64 bits. Ours fit into 32, and stay plain numbers.
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
});

const internet = 2; // AF_INET
const stream = 1; // SOCK_STREAM
const tcp = 6; // IPPROTO_TCP
const noDelay = 1; // TCP_NODELAY
const noSignal = 0x4000; // MSG_NOSIGNAL
const addOperation = 1; // EPOLL_CTL_ADD
const readable = 1; // EPOLLIN

/** The file descriptor of a socket. */
export type Descriptor = number;

/** `struct sockaddr_in` of a port of the loopback address. */
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

function disableDelay(descriptor: Descriptor): void {
  symbols.setsockopt(descriptor, tcp, noDelay, new Uint8Array([1, 0, 0, 0]), 4);
}

/** Connects to a port of the loopback address. */
export function connectLoopback(port: number): Descriptor {
  const descriptor = openSocket();
  if (symbols.connect(descriptor, loopbackAddress(port), 16) !== 0) {
    throw new Error(`cannot connect to port ${port}`);
  }
  disableDelay(descriptor);
  return descriptor;
}

/** Listens on a port of the loopback address. */
export function listenLoopback(port: number): Descriptor {
  const descriptor = openSocket();
  const backlog = 1024;
  if (
    symbols.bind(descriptor, loopbackAddress(port), 16) !== 0 ||
    symbols.listen(descriptor, backlog) !== 0
  ) throw new Error(`cannot listen on port ${port}`);
  return descriptor;
}

/** Waits for the next connection. */
export function acceptConnection(listener: Descriptor): Descriptor {
  const descriptor = symbols.accept(listener, 0n, 0n);
  disableDelay(descriptor);
  return descriptor;
}

/** Waits for bytes and reads them. Returns 0 at the end of the stream. */
export function read(
  descriptor: Descriptor,
  target: Uint8Array<ArrayBuffer>,
): number {
  const count = symbols.read(descriptor, target, target.length);
  if (count < 0) throw new Error("the connection broke");
  return count;
}

/** The same, for a stream that must not end. */
export function readSome(
  descriptor: Descriptor,
  target: Uint8Array<ArrayBuffer>,
): number {
  const count = read(descriptor, target);
  if (count === 0) throw new Error("the server closed the connection");
  return count;
}

/** Writes all bytes. Waits until the kernel has accepted them. */
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

/** `struct epoll_event` is packed on x86-64 only. */
const [eventBytes, dataOffset] = Deno.build.arch === "x86_64"
  ? [12, 4]
  : [16, 8];

/** Waits until one of many sockets is readable. */
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

  /** Calls back for each readable socket. -1 waits without a timeout. */
  wait(
    timeoutMs: number,
    onReadable: (descriptor: Descriptor) => void,
  ): void {
    const count = symbols.epoll_wait(
      this.#descriptor,
      this.#events,
      this.#maxEvents,
      timeoutMs,
    );
    for (let index = 0; index < count; index++) {
      onReadable(this.#view.getInt32(index * eventBytes + dataOffset, true));
    }
  }

  [Symbol.dispose](): void {
    close(this.#descriptor);
  }
}
