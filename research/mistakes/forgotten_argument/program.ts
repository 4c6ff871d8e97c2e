function difference(serverTime: number, clientTime: number): number {
  return serverTime - clientTime;
}

console.log(difference(25, 20)); // right
console.log(difference(25)); // wrong
