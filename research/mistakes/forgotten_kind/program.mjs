function replyTo(message) {
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
