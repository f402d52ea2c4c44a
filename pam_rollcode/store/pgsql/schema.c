/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c - what brings a schema from one version to the next.
 *
 *  1. Nobody's counter falls, and no used recovery code becomes good.
 *  2. The role of a login moves a row by what one login moves, and takes no
 *     event away.  A role that belongs to the owner's is not held to that.
 *  3. No rule refuses the record of a wrong code where it would let that of
 *     a right one pass: guesses would cost nothing then.
 */
#include "store/pgsql/pgsql.h"

/* clang-format off */
#define FUNCTION_SETTINGS \
	"LANGUAGE plpgsql SET search_path=pg_catalog,pg_temp AS "
#define FUNCTION(name) \
	"CREATE FUNCTION rollcode." name "() RETURNS trigger " \
	FUNCTION_SETTINGS

static const char *const to_version_1[] = {
	"CREATE TABLE rollcode.store("
	"version bigint NOT NULL,"
	"store_id text NOT NULL,"
	"key_id text NOT NULL,"
	"backup bigint NOT NULL DEFAULT 0,"
	"one boolean PRIMARY KEY DEFAULT true CHECK(one))",
	"CREATE TABLE rollcode.account("
	"name text COLLATE \"C\" PRIMARY KEY,"
	"failures bigint NOT NULL DEFAULT 0,"
	"halves bigint NOT NULL DEFAULT 0,"
	"spent bigint NOT NULL DEFAULT 0,"
	"spent_time bigint NOT NULL DEFAULT 0,"
	"failed bigint NOT NULL DEFAULT 0,"
	"replayed bigint NOT NULL DEFAULT 0,"
	"created bigint NOT NULL,"
	"last_success bigint NOT NULL DEFAULT 0,"
	"last_failure bigint NOT NULL DEFAULT 0,"
	"sequence bigint NOT NULL DEFAULT 0,"
	"key_id text NOT NULL,"
	"recovery_key bytea)",
	"CREATE TABLE rollcode.token("
	"name text COLLATE \"C\" NOT NULL "
	"REFERENCES rollcode.account ON DELETE CASCADE,"
	"id bigint NOT NULL,"
	"label bytea NOT NULL,"
	"form text NOT NULL,"
	"algorithm text NOT NULL,"
	"digits bigint NOT NULL,"
	"key_id text NOT NULL,"
	"secret bytea NOT NULL,"
	"counter bigint NOT NULL CHECK(counter>=0),"
	"far_counter bigint,"
	"far_time bigint,"
	"enabled boolean NOT NULL,"
	"created bigint NOT NULL,"
	"used bigint NOT NULL,"
	"PRIMARY KEY(name,id),UNIQUE(name,label))",
	"CREATE TABLE rollcode.recovery("
	"name text COLLATE \"C\" NOT NULL "
	"REFERENCES rollcode.account ON DELETE CASCADE,"
	"id bigint NOT NULL,"
	"mac bytea NOT NULL,"
	"issued bigint NOT NULL,"
	"expires bigint NOT NULL,"
	"used bigint NOT NULL,"
	"PRIMARY KEY(name,id))",
	"CREATE TABLE rollcode.event("
	"name text COLLATE \"C\" NOT NULL "
	"REFERENCES rollcode.account ON DELETE CASCADE,"
	"slot bigint NOT NULL,"
	"sequence bigint NOT NULL,"
	"time bigint NOT NULL,"
	"service bytea NOT NULL,"
	"rhost bytea NOT NULL,"
	"token bytea NOT NULL,"
	"outcome text NOT NULL,"
	"counter bigint NOT NULL,"
	"distance bigint NOT NULL,"
	"PRIMARY KEY(name,slot))",
	FUNCTION("code_stays_used")
	"$$BEGIN RAISE EXCEPTION 'a used recovery code stays used'; END$$",
	"CREATE TRIGGER code_stays_used BEFORE UPDATE ON rollcode.recovery "
	"FOR EACH ROW WHEN (OLD.used<>0) "
	"EXECUTE FUNCTION rollcode.code_stays_used()",
	FUNCTION("counter_never_falls")
	"$$BEGIN RAISE EXCEPTION 'a counter never moves backward'; END$$",
	"CREATE TRIGGER counter_never_falls BEFORE UPDATE ON rollcode.token "
	"FOR EACH ROW WHEN (NEW.counter<OLD.counter) "
	"EXECUTE FUNCTION rollcode.counter_never_falls()",
	NULL,
};

#define OWNERS_PASS \
	"IF pg_has_role(current_user,(SELECT relowner FROM pg_class " \
	"WHERE oid=TG_RELID),'MEMBER') THEN RETURN NEW; END IF;"

/*
 * Hosts have clocks of their own: spent_time is held to a day about the
 * server's, and guesses come back by what is left of it.
 */
#define LOGIN_MOVES_ACCOUNT(create, late_too) \
	create " FUNCTION rollcode.login_moves_account() RETURNS trigger " \
	FUNCTION_SETTINGS \
	"$$DECLARE clock bigint:=extract(epoch FROM clock_timestamp()); " \
	"BEGIN " OWNERS_PASS \
	"IF NEW.sequence<OLD.sequence OR NEW.sequence-OLD.sequence>1 THEN " \
	"RAISE EXCEPTION 'a login moves the sequence by one at most'; END IF;" \
	"IF NEW.failures NOT IN (0,OLD.failures,OLD.failures+1) " \
	"OR NEW.failed NOT IN (0,OLD.failed,OLD.failed+1) " late_too \
	"OR NEW.replayed NOT IN (0,OLD.replayed,OLD.replayed+1) THEN " \
	"RAISE EXCEPTION 'a login counts one, or begins again at 0'; END IF;" \
	"IF OLD.spent=0 THEN " \
	"NEW.spent_time:=greatest(NEW.spent_time,clock-86400); END IF;" \
	"NEW.spent_time:=least(NEW.spent_time," \
	"greatest(OLD.spent_time,clock+86400));" \
	"IF NEW.spent<0 OR NEW.spent>OLD.spent+1 OR (OLD.spent>0 AND " \
	"(NEW.spent_time<OLD.spent_time OR " \
	"OLD.spent-NEW.spent>(NEW.spent_time-OLD.spent_time)/86400)) THEN " \
	"RAISE EXCEPTION 'a guess is given back once a day; is the clock of " \
	"this host right?'; END IF;" \
	"RETURN NEW; END$$"

static const char *const to_version_2[] = {
	"DELETE FROM rollcode.event e USING rollcode.account a "
	"WHERE e.name=a.name AND (e.sequence>a.sequence "
	"OR e.slot NOT BETWEEN -1 AND 9999)",
	LOGIN_MOVES_ACCOUNT("CREATE", ""),
	"CREATE TRIGGER login_moves_account BEFORE UPDATE ON rollcode.account "
	"FOR EACH ROW EXECUTE FUNCTION rollcode.login_moves_account()",
	FUNCTION("login_moves_token")
	"$$BEGIN "
	OWNERS_PASS
	"IF NEW.counter-OLD.counter>1000000 THEN "
	"RAISE EXCEPTION 'a login moves a counter by 1000000 at most'; "
	"END IF;"
	"IF NEW.far_counter<NEW.counter OR "
	"NEW.far_counter-NEW.counter>1000000 THEN "
	"RAISE EXCEPTION 'a remembered code is 1000000 ahead at most'; "
	"END IF;"
	"RETURN NEW; END$$",
	"CREATE TRIGGER login_moves_token BEFORE UPDATE ON rollcode.token "
	"FOR EACH ROW EXECUTE FUNCTION rollcode.login_moves_token()",
	/* The lock makes those who write for one account take turns. */
	FUNCTION("login_adds_event")
	"$$BEGIN "
	OWNERS_PASS
	"IF NEW.slot NOT BETWEEN -1 AND 9999 "
	"OR octet_length(NEW.service)>64 OR octet_length(NEW.rhost)>255 "
	"OR octet_length(NEW.token)>64 OR octet_length(NEW.outcome)>24 THEN "
	"RAISE EXCEPTION 'an event has a slot from -1 to 9999, and short "
	"texts'; END IF;"
	"PERFORM 1 FROM rollcode.account "
	"WHERE name=NEW.name AND sequence=NEW.sequence FOR UPDATE;"
	"IF NOT FOUND THEN "
	"RAISE EXCEPTION 'an event has the sequence of its account'; END IF;"
	"PERFORM 1 FROM rollcode.event WHERE name=NEW.name "
	"AND sequence=NEW.sequence AND slot<>NEW.slot AND slot>=0;"
	"IF FOUND AND NEW.slot>=0 THEN "
	"RAISE EXCEPTION 'a login adds one event'; END IF;"
	"IF TG_OP='UPDATE' THEN "
	"IF NEW.sequence<OLD.sequence OR "
	"(NEW.slot>=0 AND NEW.sequence=OLD.sequence) THEN "
	"RAISE EXCEPTION 'only a newer event takes the place of another'; "
	"END IF; END IF;"
	"RETURN NEW; END$$",
	"CREATE TRIGGER login_adds_event BEFORE INSERT OR UPDATE "
	"ON rollcode.event "
	"FOR EACH ROW EXECUTE FUNCTION rollcode.login_adds_event()",
	NULL,
};

static const char *const to_version_3[] = {
	"ALTER TABLE rollcode.account "
	"ADD COLUMN late bigint NOT NULL DEFAULT 0",
	LOGIN_MOVES_ACCOUNT("CREATE OR REPLACE",
	    "OR NEW.late NOT IN (0,OLD.late,OLD.late+1) "),
	NULL,
};

/* Where the row was written, and by which transaction: see past.h. */
static const char *const to_version_4[] = {
	"ALTER TABLE rollcode.store "
	"ADD COLUMN system text NOT NULL DEFAULT '',"
	"ADD COLUMN database bigint NOT NULL DEFAULT 0,"
	"ADD COLUMN relation bigint NOT NULL DEFAULT 0,"
	"ADD COLUMN written bigint NOT NULL DEFAULT 0,"
	"ADD COLUMN settled bigint NOT NULL DEFAULT 0,"
	"ADD COLUMN timeline bigint NOT NULL DEFAULT 0,"
	"ADD COLUMN promotions text NOT NULL DEFAULT 'ask' "
	"CHECK(promotions IN ('ask','follow'))",
	NULL,
};

const char *const *const pgsql_versions[PGSQL_VERSION] = {
	to_version_1, to_version_2, to_version_3, to_version_4
};
/* clang-format on */
