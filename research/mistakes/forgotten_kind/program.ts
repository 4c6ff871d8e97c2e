type Message =
  | { readonly kind: "IAMAT"; readonly client: string }
  | { readonly kind: "WHATSAT"; readonly bound: number }
  | { readonly kind: "PING" };

function replyTo(message: Message): string {
  switch (message.kind) {
    case "IAMAT":
      return `AT ${message.client}`;
    case "WHATSAT":
      return `${message.bound} places`;
    case "PING": // right
      return "PONG"; // right
  }
}

console.log(replyTo({ kind: "PING" }));
