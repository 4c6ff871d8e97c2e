-- Creates the roles of programs that use the database, with the fewest rights
-- that they need. Run it after the migrations, as a role that may create roles and
-- owns the schema, or as a superuser. It can be run again:
--
--     psql -f roles.sql herd
--
-- A server's role is a member of herd_writer. It inserts and reads reports. It
-- deletes only by two functions: the reports of one client, as FORGET does, and
-- days that are over, as the retention does. The role of a person or of another
-- program is a member of herd_reader:
--
--     CREATE ROLE campus LOGIN PASSWORD '...' IN ROLE herd_writer;
--     CREATE ROLE dispatcher LOGIN PASSWORD '...' IN ROLE herd_reader;

DO $$
BEGIN
  IF to_regrole('herd_writer') IS NULL THEN CREATE ROLE herd_writer; END IF;
  IF to_regrole('herd_reader') IS NULL THEN CREATE ROLE herd_reader; END IF;
END
$$;

GRANT USAGE ON SCHEMA herd TO herd_writer, herd_reader;
GRANT SELECT ON herd.reports, herd.newest, herd.migrations TO herd_writer, herd_reader;
GRANT INSERT ON herd.reports TO herd_writer;
GRANT EXECUTE ON FUNCTION herd.add_day, herd.drop_days_before, herd.forget TO herd_writer;
