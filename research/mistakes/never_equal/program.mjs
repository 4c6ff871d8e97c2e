function isPort(port, operand) {
  return String(port) === operand; // right
  return port === operand; // wrong
}

console.log(isPort(8000, "8000"));
