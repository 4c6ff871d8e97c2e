class Program {
    static double difference(double serverTime, double clientTime) {
        return serverTime - clientTime;
    }

    public static void main(String[] args) {
        System.out.println(difference(25, 20)); // right
        System.out.println(difference(25)); // wrong
    }
}
