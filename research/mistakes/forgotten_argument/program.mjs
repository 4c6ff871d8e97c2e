function difference(serverTime, clientTime) {
  return serverTime - clientTime;
}

console.log(difference(25, 20)); // right
console.log(difference(25)); // wrong
