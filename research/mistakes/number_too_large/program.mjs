const [seconds, nanoseconds] = [1520023934, 918963997];
const perSecond = 1_000_000_000;
const exact = BigInt(seconds) * BigInt(perSecond); // right
console.log(`${exact + BigInt(nanoseconds)}`); // right
console.log(`${seconds * perSecond + nanoseconds}`); // wrong
