class Program {
    enum Kind { IAMAT, WHATSAT, PING }

    record Message(Kind kind, String operand) {}

    static String replyTo(Message message) {
        return switch (message.kind()) {
            case IAMAT -> "AT " + message.operand();
            case WHATSAT -> message.operand() + " places";
            case PING -> "PONG"; // right
        };
    }

    public static void main(String[] args) {
        System.out.println(replyTo(new Message(Kind.PING, "")));
    }
}
