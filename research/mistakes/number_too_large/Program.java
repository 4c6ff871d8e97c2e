class Program {
    public static void main(String[] args) {
        int seconds = 1520023934;
        int nanoseconds = 918963997;
        long time = seconds * 1_000_000_000L + nanoseconds; // right
        long time = seconds * 1_000_000_000 + nanoseconds; // wrong
        System.out.println(time);
    }
}
