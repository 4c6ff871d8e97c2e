/**
 * What a page of another site tries, so that a browser on the machine of a
 * server reports to it or reads from it.
 *
 * @module
 */

/** The ports that are attacked, as URLs without a path. */
export interface Targets {
  /** The HTTP gateway. */
  readonly http: string;
  readonly admin: string;
  readonly client: string;
}

/** The ways in which the page tries to report. Each has an ID of its own. */
export const ways = [
  ...["fetch-json", "fetch-text", "fetch-form", "fetch-get"],
  ...["form-text", "form-post", "form-get", "image", "frame"],
  ...["socket-line", "socket-json"],
  ...["client-fetch", "client-form", "client-socket"],
] as const;

/** The client that a way reports. */
export const clientOf = (way: string, suffix: string) => `${way}-${suffix}`;

/**
 * Runs in the page: it tries everything, one after the other.
 *
 * @returns What could be read: the way and the text of each answer.
 */
export async function attack(
  { targets: { admin, client, http }, suffix }: {
    targets: Targets;
    suffix: string;
  },
): Promise<string[]> {
  const { document, EventSource, URLSearchParams, WebSocket } =
    // deno-lint-ignore no-explicit-any
    globalThis as any;
  const read: string[] = [];
  const id = (way: string) => `${way}-${suffix}`;
  const json = (way: string) => `{"id":"${id(way)}","lat":1,"lon":2}`;
  const query = (way: string) => `id=${id(way)}&lat=1&lon=2`;
  const line = (way: string) => `IAMAT ${id(way)} +1+2 1\n`;

  const send = async (way: string, url: string, init: RequestInit = {}) => {
    try {
      const text = await (await fetch(url, init)).text();
      // Of a request that a page may send but not read, the text is empty.
      if (text !== "") read.push(`${way}: ${text}`);
    } catch {
      // Refused by the browser, or by the server.
    }
  };
  const post = (body: BodyInit, type: string): RequestInit => ({
    method: "POST",
    mode: "no-cors",
    headers: { "content-type": type },
    body,
  });
  const plain = "text/plain";
  await send("fetch-json", `${http}/report`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: json("fetch-json"),
  });
  await send(
    "fetch-text",
    `${http}/report`,
    post(json("fetch-text"), plain),
  );
  await send(
    "fetch-form",
    `${http}/`,
    post(
      new URLSearchParams(query("fetch-form")),
      "application/x-www-form-urlencoded",
    ),
  );
  await send("fetch-get", `${http}/?${query("fetch-get")}`, {
    mode: "no-cors",
  });
  await send("position", `${http}/position/kiwi`);
  await send("nearby", `${http}/nearby/kiwi?bound=1`);
  await send("client-fetch", `${client}/`, post(line("client-fetch"), plain));
  await send("status", `${admin}/status.json`);
  await send("metrics", `${admin}/metrics`);
  await send("forget", `${admin}/forget?id=kiwi`, post("", plain));
  await send("forget", `${admin}/forget?id=kiwi`, {
    method: "POST",
    headers: { "herd-request": "forget" },
  });

  /** Adds an element, and waits until it has loaded or failed. */
  const load = (
    tag: string,
    attributes: Record<string, string>,
    // deno-lint-ignore no-explicit-any
    begin: (element: any) => void = () => {},
  ) =>
    new Promise<void>((resolve) => {
      const element = document.createElement(tag);
      element.onload = element.onerror = () => resolve();
      Object.assign(element, attributes);
      document.body.append(element);
      begin(element);
    });
  await load("img", { src: `${http}/?${query("image")}` });
  await load("script", { src: `${http}/position/kiwi` });
  await load("iframe", { src: `${http}/?${query("frame")}` });

  /** Submits a form with one field into a frame. */
  const submit = async (
    way: string,
    attributes: Record<string, string>,
    fields: Record<string, string>,
  ) => {
    const name = `frame-${way}`;
    await load("iframe", { name });
    const form = document.createElement("form");
    Object.assign(form, { target: name, ...attributes });
    for (const [name, value] of Object.entries(fields)) {
      const field = document.createElement("input");
      Object.assign(field, { name, value });
      form.append(field);
    }
    document.body.append(form);
    const frame = document.querySelector(`[name="${name}"]`);
    await new Promise<void>((resolve) => {
      frame.onload = () => resolve();
      form.submit();
    });
  };
  // Of such a form the body is `name=value`: JSON, if the = is in a string.
  await submit(
    "form-text",
    { method: "post", enctype: plain, action: `${http}/report` },
    { [`${json("form-text").slice(0, -1)},"x":"`]: '"}' },
  );
  const fields = Object.fromEntries(new URLSearchParams(query("form-post")));
  await submit("form-post", { method: "post", action: `${http}/` }, fields);
  await submit("form-get", { method: "get", action: `${http}/` }, {
    ...fields,
    id: id("form-get"),
  });
  await submit(
    "client-form",
    { method: "post", enctype: plain, action: `${client}/` },
    { [`x\n${line("client-form")}`]: "" },
  );

  /** Opens a WebSocket, sends messages, and waits for an answer or its end. */
  const connect = (
    way: string,
    url: string,
    protocols: string[],
    messages: string[],
  ) =>
    new Promise<void>((resolve) => {
      const socket = new WebSocket(url, protocols);
      socket.onclose = () => resolve();
      socket.onopen = () => {
        if (messages.length === 0) {
          read.push(`${way}: open`);
          socket.close();
        }
        for (const message of messages) socket.send(message);
      };
      socket.onmessage = ({ data }: { data: string }) => {
        read.push(`${way}: ${data}`);
        socket.close();
      };
    });
  const ofSocket = (url: string) => url.replace("http", "ws");
  const gateway = `${ofSocket(http)}/report`;
  await connect("socket-line", gateway, ["herd"], [line("socket-line")]);
  await connect("socket-json", gateway, [], [json("socket-json")]);
  await connect("socket-mqtt", `${ofSocket(http)}/`, ["mqtt"], []);
  await connect("client-socket", `${ofSocket(client)}/`, [], [
    line("client-socket"),
  ]);
  await connect("admin-socket", `${ofSocket(admin)}/events`, [], []);
  await new Promise<void>((resolve) => {
    const events = new EventSource(`${admin}/events`);
    events.onerror = () => resolve();
    events.addEventListener("hello", ({ data }: { data: string }) => {
      read.push(`events: ${data}`);
      resolve();
    });
  });
  return read;
}
