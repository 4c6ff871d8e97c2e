-- Migration 1: the reports, and the functions that servers call.
--
-- All runs in one transaction. `herd database migrate` applies it, and so does
-- psql -1 -f 1_reports.sql, as the role that is to own the schema.

CREATE SCHEMA herd;

CREATE TABLE herd.migrations (
  version integer PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- A row is one report. Times are whole POSIX seconds and nanoseconds, because a
-- client may name a time that no timestamptz can hold.
CREATE TABLE herd.reports (
  -- The ID, as its bytes. It is the first part of the key, and a row of an index
  -- has at most 2,704 bytes.
  client bytea NOT NULL CHECK (octet_length(client) BETWEEN 1 AND 2048),
  -- When the report counts: the earlier one of the two times that follow.
  effective_seconds bigint NOT NULL,
  effective_nanoseconds integer NOT NULL,
  -- When the server heard it, by the server's clock.
  heard_seconds bigint NOT NULL,
  heard_nanoseconds integer NOT NULL,
  -- When the client sent it, by the client's clock.
  time_seconds bigint NOT NULL,
  time_nanoseconds integer NOT NULL,
  -- Degrees north and east.
  latitude double precision NOT NULL,
  longitude double precision NOT NULL,
  -- The server that heard it.
  server text NOT NULL,
  -- The AT line, without its newline.
  line bytea NOT NULL,
  -- The attributes, such as accuracy=14,battery=70; empty if there are none.
  attributes bytea NOT NULL,
  -- The ID for people: bytes above 127 and zero bytes as \ooo, \ as \\.
  client_text text NOT NULL GENERATED ALWAYS AS (encode(client, 'escape')) STORED,
  -- Equal records are one row, however often they are inserted.
  hash bytea NOT NULL GENERATED ALWAYS AS (
    sha256(
      CASE WHEN attributes = ''::bytea THEN line
      ELSE line || '\x20'::bytea || attributes END
    )
  ) STORED,
  PRIMARY KEY (client, effective_seconds, effective_nanoseconds, hash)
) PARTITION BY RANGE (effective_seconds);

-- Of each client the newest report, in the order that the servers use: when it
-- counts, when it was heard, when it was sent, and then its bytes.
CREATE VIEW herd.newest AS
SELECT DISTINCT ON (client)
  client, client_text, effective_seconds, effective_nanoseconds, heard_seconds,
  heard_nanoseconds, time_seconds, time_nanoseconds, latitude, longitude, server,
  line, attributes, hash
FROM herd.reports
ORDER BY
  client, effective_seconds DESC, effective_nanoseconds DESC, heard_seconds DESC,
  heard_nanoseconds DESC, time_seconds DESC, time_nanoseconds DESC, line DESC,
  attributes DESC;

-- The POSIX seconds of a time, for conditions that an index can answer.
CREATE FUNCTION herd.seconds(moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(extract(epoch FROM moment))::bigint;

-- The functions that follow run with the rights of the owner, so that a server's role may
-- do exactly this, and may neither create tables nor delete rows.

-- Adds the partition of a day, which is counted from 1970-01-01 in UTC. False if
-- the day has not come by this machine's clock, or if there are too many.
CREATE FUNCTION herd.add_day(day integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
  today integer := floor(extract(epoch FROM now()) / 86400);
  first bigint := day::bigint * 86400;
  name text;
BEGIN
  -- Servers at other machines may be a little ahead at midnight.
  IF day NOT BETWEEN 0 AND today + 1 THEN RETURN false; END IF;
  name := 'reports_' || to_char(date '1970-01-01' + day, 'YYYYMMDD');
  IF to_regclass('herd.' || name) IS NOT NULL THEN RETURN true; END IF;
  -- Several servers want the same day at midnight.
  PERFORM pg_advisory_xact_lock(hashtext('herd.add_day'));
  IF to_regclass('herd.' || name) IS NOT NULL THEN RETURN true; END IF;
  IF (SELECT count(*) FROM pg_inherits WHERE inhparent = 'herd.reports'::regclass)
    >= 4000 THEN RETURN false;
  END IF;
  -- To attach a table takes a weaker lock than to create a partition: reports
  -- are inserted and read meanwhile.
  EXECUTE format(
    'CREATE TABLE herd.%I (LIKE herd.reports INCLUDING GENERATED INCLUDING CONSTRAINTS)',
    name
  );
  EXECUTE format(
    'ALTER TABLE herd.reports ATTACH PARTITION herd.%I FOR VALUES FROM (%s) TO (%s)',
    name, first, first + 86400
  );
  RETURN true;
END
$$;

-- Drops the partitions of the days before a day, which must be over. Returns how
-- many there were. While it waits for the lock, nobody inserts or reads.
CREATE FUNCTION herd.drop_days_before(day integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  today integer := floor(extract(epoch FROM now()) / 86400);
  last text := 'reports_' || to_char(date '1970-01-01' + day, 'YYYYMMDD');
  name text;
  dropped integer := 0;
BEGIN
  IF day > today THEN
    RAISE EXCEPTION 'only days that are over can be dropped';
  END IF;
  FOR name IN
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'herd.reports'::regclass AND relname < last
    ORDER BY relname
  LOOP
    EXECUTE format('DROP TABLE herd.%I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;

-- Deletes the reports of one client that were heard until a time. Returns how
-- many there were.
CREATE FUNCTION herd.forget(
  forgotten bytea, until_seconds bigint, until_nanoseconds integer
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  deleted bigint;
BEGIN
  DELETE FROM herd.reports
  WHERE client = forgotten
    AND (heard_seconds, heard_nanoseconds) <= (until_seconds, until_nanoseconds);
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;

REVOKE ALL ON FUNCTION herd.add_day, herd.drop_days_before, herd.forget FROM PUBLIC;

INSERT INTO herd.migrations (version) VALUES (1);
