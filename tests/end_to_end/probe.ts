/**
 * Runs with the permissions of a server, and attempts operations. The last
 * argument is a list of attempts as JSON. Prints the results as JSON:
 * `granted`, or the error.
 *
 * @module
 */

/** The operations by name, each with one operand. */
const attempts: Readonly<Record<string, (operand: string) => unknown>> = {
  read: (path) => Deno.readTextFile(path),
  list: (path) => [...Deno.readDirSync(path)],
  stat: (path) => Deno.stat(path),
  write: (path) => Deno.writeTextFile(path, "probe"),
  makeFolder: (path) => Deno.mkdir(path, { recursive: true }),
  remove: (path) => Deno.remove(path),
  chmod: (path) => Deno.chmod(path, 0o777),
  link: (path) => Deno.symlink(path, "probe-link"),
  temporary: () => Deno.makeTempFile(),
  run: (program) => new Deno.Command(program).output(),
  kill: () => Deno.kill(Deno.ppid, "SIGCONT"),
  load: (library) => Deno.dlopen(library, {}).close(),
  variable: (name) => Deno.env.get(name),
  variables: () => Deno.env.toObject(),
  hostname: () => Deno.hostname(),
  release: () => Deno.osRelease(),
  user: () => Deno.uid(),
  interfaces: () => Deno.networkInterfaces(),
  memory: () => Deno.systemMemoryInfo(),
  connect: async (address) => (await Deno.connect(parse(address))).close(),
  connectUnix: async (path) =>
    (await Deno.connect({ transport: "unix", path })).close(),
  listen: (address) => Deno.listen(parse(address)).close(),
  listenUnix: (path) => Deno.listen({ transport: "unix", path }).close(),
  fetch: (url) => fetch(url),
  resolve: (name) => Deno.resolveDns(name, "A"),
  import: (specifier) => import(specifier),
  ask: async (name) => {
    const { state } = await Deno.permissions.request(
      { name } as Deno.PermissionDescriptor,
    );
    if (state !== "granted") throw new Error(state);
  },
};

/** `host:port`, with brackets around an IPv6 address. */
function parse(address: string): Deno.ConnectOptions {
  const { hostname, port } = new URL(`tcp://${address}`);
  return { hostname, port: Number(port) };
}

async function attempt(name: string, operand: string): Promise<string> {
  try {
    await attempts[name](operand);
    return "granted";
  } catch (error) {
    return String(error);
  }
}

const results = [];
for (const [name, operand] of JSON.parse(Deno.args.at(-1)!)) {
  results.push(await attempt(name, operand));
}
console.log(JSON.stringify(results));
Deno.exit();
