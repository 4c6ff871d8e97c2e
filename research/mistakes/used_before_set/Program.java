class Program {
    static String stateOf(int links) {
        String state;
        if (links > 0) state = "linked";
        else state = "alone"; // right
        return state;
    }

    public static void main(String[] args) {
        System.out.println(stateOf(0));
    }
}
