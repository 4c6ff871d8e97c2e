class Program {
    static boolean isPort(int port, String operand) {
        return operand.equals(String.valueOf(port)); // right
        return operand.equals(port); // wrong
    }

    public static void main(String[] args) {
        System.out.println(isPort(8000, "8000"));
    }
}
