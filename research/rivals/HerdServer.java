import java.io.FileOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A rival of the herd: one server in Java 17, with an NIO selector
 * in one thread.
 *
 *     java HerdServer.java NAME CLIENT_PORT PEER_PORT LOG_FILE [NEIGHBOUR_PORT...]
 *
 * It answers IAMAT, keeps the newest report of each client, floods it to its
 * neighbours and logs every line. It does less than a server of the herd: it has
 * no WHATSAT, neighbours do not authenticate, and a neighbour that was away does
 * not catch up. README.md has the details.
 */
public final class HerdServer {
    private static final String HOST = "127.0.0.1";
    private static final int REDIAL_DELAY_MS = 200;
    private static final int MAX_LINE_BYTES = 64 * 1024;
    private static final int READ_BUFFER_BYTES = 64 * 1024;

    private final String serverName;
    private final Log log;
    private final Selector selector = Selector.open();
    private final Map<String, Report> reports = new HashMap<>();
    private final List<Connection> peers = new ArrayList<>();
    private final ByteBuffer readBuffer = ByteBuffer.allocate(READ_BUFFER_BYTES);
    private final List<Integer> portsToDial = new ArrayList<>();
    private long nextDialMs;
    private int clientCount;
    private int peerCount;
    private volatile boolean isStopping;

    public static void main(String[] arguments) throws IOException {
        HerdServer server = new HerdServer(arguments[0], new Log(arguments[3]));
        for (int index = 4; index < arguments.length; index++) {
            server.portsToDial.add(Integer.parseInt(arguments[index]));
        }
        server.listen(Integer.parseInt(arguments[1]), false);
        server.listen(Integer.parseInt(arguments[2]), true);
        server.stopOnSignal(Thread.currentThread());
        System.out.println("ready");
        server.run();
    }

    private HerdServer(String serverName, Log log) throws IOException {
        this.serverName = serverName;
        this.log = log;
    }

    private void listen(int port, boolean isForPeers) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        listener.bind(new InetSocketAddress(HOST, port), 1024);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT, isForPeers);
    }

    /** The virtual machine exits after this hook, which writes the rest of the log. */
    private void stopOnSignal(Thread loop) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            isStopping = true;
            selector.wakeup();
            try {
                loop.join();
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    private void run() throws IOException {
        while (!isStopping) {
            selector.select(this::serve, Log.FLUSH_INTERVAL_MS);
            long nowMs = System.nanoTime() / 1_000_000;
            log.flushIfDue(nowMs);
            dialIfDue(nowMs);
        }
        log.flush();
    }

    private void serve(SelectionKey key) {
        // A failed write may have closed this connection since the selection.
        if (!key.isValid()) return;
        if (key.isAcceptable()) {
            accept(key);
            return;
        }
        Connection connection = (Connection) key.attachment();
        try {
            if (key.isWritable()) connection.writeUnsent();
            if (key.isReadable()) read(connection);
        } catch (IOException error) {
            close(connection);
        }
    }

    private void accept(SelectionKey key) {
        ServerSocketChannel listener = (ServerSocketChannel) key.channel();
        try {
            SocketChannel channel = listener.accept();
            if (channel != null) add(channel, (Boolean) key.attachment());
        } catch (IOException error) {
            // The client has disconnected.
        }
    }

    /** A neighbour on this machine accepts or refuses at once, so this does not use the selector. */
    private void dialIfDue(long nowMs) {
        if (portsToDial.isEmpty() || nowMs < nextDialMs) return;
        nextDialMs = nowMs + REDIAL_DELAY_MS;
        portsToDial.removeIf(port -> {
            try {
                add(SocketChannel.open(new InetSocketAddress(HOST, port)), true);
                return true;
            } catch (IOException error) {
                return false;
            }
        });
    }

    private void add(SocketChannel channel, boolean isPeer) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        String name = isPeer ? "peer/" + ++peerCount : "client/" + ++clientCount;
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        Connection connection = new Connection(name, isPeer, channel, key);
        key.attach(connection);
        if (isPeer) peers.add(connection);
    }

    private void close(Connection connection) {
        peers.remove(connection);
        try {
            connection.channel.close();
        } catch (IOException error) {
            // It is closed in any case.
        }
    }

    private void read(Connection connection) throws IOException {
        readBuffer.clear();
        int count = connection.channel.read(readBuffer);
        if (count < 0) {
            // A client is read only when all its replies are sent.
            close(connection);
            return;
        }
        // Each byte is one character.
        String text = connection.rest
            + new String(readBuffer.array(), 0, count, StandardCharsets.ISO_8859_1);
        int end = text.lastIndexOf('\n') + 1;
        connection.rest = text.substring(end);
        if (end > 0) {
            if (connection.isPeer) takePeerLines(connection, text, end);
            else takeClientLines(connection, text, end);
        }
        if (connection.rest.length() > MAX_LINE_BYTES) close(connection);
    }

    private void takeClientLines(Connection client, String text, int end) throws IOException {
        StringBuilder news = new StringBuilder();
        StringBuilder replies = new StringBuilder();
        for (int start = 0; start < end;) {
            int lineEnd = text.indexOf('\n', start);
            String line = text.substring(start, lineEnd);
            start = lineEnd + 1;
            Instant now = Instant.now();
            log.add(now, client.name, " <- ", line);
            String reply = answer(line, now, news);
            log.add(now, client.name, " -> ", reply);
            replies.append(reply).append('\n');
        }
        flood(news, null);
        client.write(replies.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The reply to a client's line. New reports are added to the news. */
    private String answer(String line, Instant now, StringBuilder news) {
        String[] fields = Language.splitFields(line, 4);
        if (fields == null || !fields[0].equals("IAMAT")
            || !Language.isPosition(fields[2]) || !Language.isTime(fields[3])) {
            return "? " + line;
        }
        String reply = "AT " + serverName + ' ' + Language.clockDifference(now, fields[3])
            + ' ' + fields[1] + ' ' + fields[2] + ' ' + fields[3];
        if (keep(fields[1], fields[3], reply)) {
            logFlood(now, reply, null);
            news.append(reply).append('\n');
        }
        return reply;
    }

    private void takePeerLines(Connection peer, String text, int end) {
        StringBuilder news = new StringBuilder();
        for (int start = 0; start < end;) {
            int lineEnd = text.indexOf('\n', start);
            String line = text.substring(start, lineEnd);
            start = lineEnd + 1;
            Instant now = Instant.now();
            log.add(now, peer.name, " <- ", line);
            String[] fields = Language.splitFields(line, 6);
            if (fields == null || !fields[0].equals("AT")
                || !Language.isDifference(fields[2]) || !Language.isTime(fields[5])) {
                continue;
            }
            if (keep(fields[3], fields[5], line)) {
                logFlood(now, line, peer);
                news.append(line).append('\n');
            }
        }
        flood(news, peer);
    }

    /** Stores a report if it is the newest of its client. Returns whether it is. */
    private boolean keep(String client, String time, String line) {
        Report known = reports.get(client);
        if (known != null && Language.compareTimes(time, known.time) <= 0) return false;
        reports.put(client, new Report(time, line));
        return true;
    }

    private void logFlood(Instant now, String line, Connection source) {
        for (Connection peer : peers) {
            if (peer != source) log.add(now, peer.name, " -> ", line);
        }
    }

    /** Writes lines to all neighbours except the one that they came from. */
    private void flood(StringBuilder lines, Connection source) {
        if (lines.length() == 0) return;
        byte[] bytes = lines.toString().getBytes(StandardCharsets.ISO_8859_1);
        // A copy of the list, because a neighbour is removed after a failed write.
        for (Connection peer : List.copyOf(peers)) {
            if (peer == source) continue;
            try {
                peer.write(bytes);
            } catch (IOException error) {
                close(peer);
            }
        }
    }

    /** The newest report of a client. */
    private record Report(String time, String line) {}

    /** A connection, with its incomplete line and its unsent bytes. */
    private static final class Connection {
        final String name;
        final boolean isPeer;
        final SocketChannel channel;
        final SelectionKey key;
        final ArrayDeque<ByteBuffer> unsent = new ArrayDeque<>();
        String rest = "";

        Connection(String name, boolean isPeer, SocketChannel channel, SelectionKey key) {
            this.name = name;
            this.isPeer = isPeer;
            this.channel = channel;
            this.key = key;
        }

        void write(byte[] bytes) throws IOException {
            unsent.add(ByteBuffer.wrap(bytes));
            if (unsent.size() == 1) writeUnsent();
        }

        void writeUnsent() throws IOException {
            while (!unsent.isEmpty()) {
                channel.write(unsent.peek());
                if (unsent.peek().hasRemaining()) break;
                unsent.remove();
            }
            updateInterest();
        }

        /** A client that does not read its replies is not read. */
        void updateInterest() {
            boolean isWaiting = !unsent.isEmpty();
            boolean isReading = isPeer || !isWaiting;
            int interest = (isReading ? SelectionKey.OP_READ : 0)
                | (isWaiting ? SelectionKey.OP_WRITE : 0);
            if (key.isValid() && key.interestOps() != interest) key.interestOps(interest);
        }
    }

    /** The grammar: fields, positions, times. */
    private static final class Language {
        private static boolean isSpace(char character) {
            return character == ' ' || (character >= '\t' && character <= '\r');
        }

        private static boolean isDigit(char character) {
            return character >= '0' && character <= '9';
        }

        /** The fields between white space, or null if their number is another one. */
        static String[] splitFields(String line, int count) {
            String[] fields = new String[count];
            int found = 0;
            int index = 0;
            int length = line.length();
            while (true) {
                while (index < length && isSpace(line.charAt(index))) index++;
                if (index == length) return found == count ? fields : null;
                if (found == count) return null;
                int start = index;
                while (index < length && !isSpace(line.charAt(index))) index++;
                fields[found++] = line.substring(start, index);
            }
        }

        /** The end of the digits that begin at an index. */
        private static int skipDigits(String text, int index) {
            while (index < text.length() && isDigit(text.charAt(index))) index++;
            return index;
        }

        /** The end of a number such as 12 or 0.50, or -1 if none begins here. */
        private static int skipNumber(String text, int start) {
            int end = skipDigits(text, start);
            if (end == start) return -1;
            if (end == text.length() || text.charAt(end) != '.') return end;
            int fractionEnd = skipDigits(text, end + 1);
            return fractionEnd == end + 1 ? -1 : fractionEnd;
        }

        /** The end of a sign and a number up to a limit, or -1. */
        private static int skipAngle(String text, int start, int limitDegrees) {
            if (start == text.length()) return -1;
            if (text.charAt(start) != '+' && text.charAt(start) != '-') return -1;
            int end = skipNumber(text, start + 1);
            int degrees = 0;
            boolean isBeyond = false;
            int index = start + 1;
            for (; index < end && text.charAt(index) != '.'; index++) {
                degrees = degrees * 10 + text.charAt(index) - '0';
                if (degrees > limitDegrees) return -1;
            }
            for (index++; index < end; index++) isBeyond |= text.charAt(index) != '0';
            return degrees == limitDegrees && isBeyond ? -1 : end;
        }

        static boolean isPosition(String text) {
            int longitude = skipAngle(text, 0, 90);
            return longitude > 0 && skipAngle(text, longitude, 180) == text.length();
        }

        /** Fifteen digits of seconds fit into a long, as does their sum with the clock. */
        static boolean isTime(String text) {
            return skipNumber(text, 0) == text.length() && skipDigits(text, 0) <= 15;
        }

        /** Whether this is a clock difference: a sign and nine decimals. */
        static boolean isDifference(String text) {
            return (text.charAt(0) == '+' || text.charAt(0) == '-')
                && skipNumber(text, 1) == text.length()
                && skipDigits(text, 1) == text.length() - 10;
        }

        private static long seconds(String time, int dot) {
            return Long.parseLong(time, 0, dot, 10);
        }

        /** Compares two times exactly. */
        static int compareTimes(String left, String right) {
            int leftDot = skipDigits(left, 0);
            int rightDot = skipDigits(right, 0);
            int order = Long.compare(seconds(left, leftDot), seconds(right, rightDot));
            for (int place = 1; order == 0; place++) {
                int leftIndex = leftDot + place;
                int rightIndex = rightDot + place;
                if (leftIndex >= left.length() && rightIndex >= right.length()) break;
                char leftDigit = leftIndex < left.length() ? left.charAt(leftIndex) : '0';
                char rightDigit = rightIndex < right.length() ? right.charAt(rightIndex) : '0';
                order = Character.compare(leftDigit, rightDigit);
            }
            return order;
        }

        /** The server's clock minus the client's time: a sign and nine decimals. */
        static String clockDifference(Instant now, String time) {
            int dot = skipDigits(time, 0);
            int timeNanoseconds = 0;
            for (int index = dot + 1; index < dot + 10; index++) {
                int digit = index < time.length() ? time.charAt(index) - '0' : 0;
                timeNanoseconds = timeNanoseconds * 10 + digit;
            }
            long seconds = now.getEpochSecond() - seconds(time, dot);
            int nanoseconds = now.getNano() - timeNanoseconds;
            boolean isNegative = seconds < 0 || (seconds == 0 && nanoseconds < 0);
            if (isNegative) {
                seconds = -seconds;
                nanoseconds = -nanoseconds;
            }
            if (nanoseconds < 0) {
                seconds -= 1;
                nanoseconds += 1_000_000_000;
            }
            StringBuilder text = new StringBuilder(24);
            text.append(isNegative ? '-' : '+').append(seconds).append('.');
            appendPadded(text, nanoseconds, 9);
            return text.toString();
        }

        /** Appends a number with leading zeros. String.format is much slower. */
        static void appendPadded(StringBuilder text, int number, int width) {
            String digits = Integer.toString(number);
            text.append("0".repeat(width - digits.length())).append(digits);
        }
    }

    /** Collects records and writes them to a file in batches. */
    private static final class Log {
        static final int FLUSH_INTERVAL_MS = 100;
        private static final int MAX_WAITING_BYTES = 128 * 1024;

        private final FileOutputStream file;
        private final StringBuilder waiting = new StringBuilder(2 * MAX_WAITING_BYTES);
        private long nextFlushMs;
        private long stampSeconds = -1;
        private String stampToSeconds = "";

        Log(String path) throws IOException {
            file = new FileOutputStream(path, true);
        }

        void add(Instant now, String connection, String direction, String text) {
            // The date is formatted once a second.
            if (now.getEpochSecond() != stampSeconds) {
                stampSeconds = now.getEpochSecond();
                String second = now.truncatedTo(ChronoUnit.SECONDS).toString();
                stampToSeconds = second.substring(0, second.length() - 1) + '.';
            }
            waiting.append(stampToSeconds);
            Language.appendPadded(waiting, now.getNano() / 1000, 6);
            waiting.append("Z ").append(connection).append(direction);
            appendEscaped(text);
            waiting.append('\n');
            if (waiting.length() >= MAX_WAITING_BYTES) flush();
        }

        private static boolean isPlain(char character) {
            return character >= ' ' && character <= '~' && character != '\\';
        }

        /** Escapes a text, so that no client can forge a record. */
        private void appendEscaped(String text) {
            int plainLength = 0;
            while (plainLength < text.length() && isPlain(text.charAt(plainLength))) plainLength++;
            waiting.append(text, 0, plainLength);
            for (int index = plainLength; index < text.length(); index++) {
                char character = text.charAt(index);
                if (isPlain(character)) waiting.append(character);
                else appendHex(character);
            }
        }

        private void appendHex(char character) {
            waiting.append("\\x")
                .append(Character.forDigit(character >> 4, 16))
                .append(Character.forDigit(character & 15, 16));
        }

        void flushIfDue(long nowMs) {
            if (nowMs < nextFlushMs) return;
            nextFlushMs = nowMs + FLUSH_INTERVAL_MS;
            flush();
        }

        /** Writes the collected records: a copy into the page cache, too short for a thread. */
        void flush() {
            if (waiting.length() == 0) return;
            try {
                file.write(waiting.toString().getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException error) {
                System.err.println("The log cannot be written: " + error.getMessage());
            }
            waiting.setLength(0);
        }
    }
}
