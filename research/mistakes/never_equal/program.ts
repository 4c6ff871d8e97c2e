function isPort(port: number, operand: string): boolean {
  return String(port) === operand; // right
  return port === operand; // wrong
}

console.log(isPort(8000, "8000"));
