/**
 * What the tests of TLS share: certificates in files, and clients and go-betweens
 * that speak TLS.
 *
 * @module
 */
import { type TlsFiles, TlsIdentity } from "../../runtime/certificates.ts";
import { SystemClock } from "../../runtime/clock.ts";
import {
  acceptSecurely,
  connectSecurely,
  type SecureTransport,
} from "../../runtime/secure_transport.ts";
import {
  closeQuietly,
  type Transport,
  writeAllBytes,
} from "../../runtime/transport.ts";
import { authority, hill } from "../fakes/certificates.ts";
import { connect, type TestHerd } from "./process.ts";

const clock = new SystemClock();

/** The files that a server reads, in the folder of a herd's logs. */
export class Files {
  readonly #folder: string;

  constructor(herd: TestHerd, files: TlsFiles = hill) {
    this.#folder = herd.logFolder;
    this.write(files);
    Deno.writeTextFileSync(this.#path("ca"), authority);
    Deno.writeTextFileSync(this.#path("secret"), "a-secret-of-tests-only\n");
  }

  /** Puts another certificate and key in place. */
  write({ certificate, key }: TlsFiles): void {
    Deno.writeTextFileSync(this.#path("cert"), certificate);
    Deno.writeTextFileSync(this.#path("key"), key);
  }

  /** Clients are served by TLS. */
  get flags(): string[] {
    return [
      `--tls-cert=${this.#path("cert")}`,
      `--tls-key=${this.#path("key")}`,
    ];
  }

  /** The links use it too. */
  get linkFlags(): string[] {
    return [
      ...this.flags,
      `--tls-ca=${this.#path("ca")}`,
      `--secret-file=${this.#path("secret")}`,
    ];
  }

  /** Permissions for just these files. */
  get permissions(): string[] {
    const paths = ["cert", "key", "ca", "secret", "herd"]
      .map((name) => this.#path(name));
    return [
      "--no-prompt",
      "--allow-net",
      "--allow-write",
      `--allow-read=${paths.join()}`,
    ];
  }

  #path(name: string): string {
    return `${this.#folder}/${name}.pem`;
  }

  /** A herd file of Hill and Smith, in which one is somewhere else. */
  herdFlag(herd: TestHerd, moved: "Hill" | "Smith", peerPort: number): string {
    const servers = [
      { name: "Hill" },
      { name: "Jaquez" },
      { name: "Smith" },
    ].map((server) => server.name === moved ? { ...server, peerPort } : server);
    const { basePort } = herd;
    const file = { basePort, servers, links: [["Hill", "Smith"]] };
    const path = `${this.#folder}/herd-${moved}.json`;
    Deno.writeTextFileSync(path, JSON.stringify(file));
    return `--config=${path}`;
  }
}

/** Speaks TLS on a connection to a server with a certificate for 127.0.0.1. */
export function speakTls(plain: Transport): SecureTransport {
  return connectSecurely(plain, "127.0.0.1", authority, clock);
}

/** Connects to a port that speaks TLS. */
export async function connectTls(port: number): Promise<SecureTransport> {
  return speakTls(await connect(port));
}

/**
 * Stands between two servers with a certificate of its own, which their
 * authority has issued for the same address, and passes on what they say.
 */
export class GoBetween implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Transport[] = [];
  readonly #tasks: Promise<void>[] = [];

  /** @param files Its certificate; none to pass the encrypted bytes on. */
  constructor(port: number, files: TlsFiles | undefined) {
    this.#tasks.push(this.#accept(port, files && new TlsIdentity(files)));
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#connections.forEach(closeQuietly);
    await Promise.all(this.#tasks);
  }

  async #accept(port: number, identity: TlsIdentity | undefined) {
    for await (const accepted of this.#listener) {
      const near = identity === undefined
        ? accepted
        : acceptSecurely(accepted, identity.credentials, clock);
      const far = identity === undefined
        ? await connect(port)
        : await connectTls(port);
      this.#connections.push(near, far);
      this.#tasks.push(carry(near, far), carry(far, near));
    }
  }
}

async function carry(from: Transport, to: Transport): Promise<void> {
  const buffer = new Uint8Array(4096);
  try {
    let count;
    while ((count = await from.read(buffer)) !== null) {
      await writeAllBytes(to, buffer.slice(0, count));
    }
    await to.closeWrite();
  } catch {
    // One of the two has closed.
  }
  closeQuietly(from);
  closeQuietly(to);
}
