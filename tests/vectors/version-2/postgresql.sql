CREATE SCHEMA rollcode;
ALTER SCHEMA rollcode OWNER TO rollcode_admin;
CREATE FUNCTION rollcode.code_stays_used() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$BEGIN RAISE EXCEPTION 'a used recovery code stays used'; END$$;
ALTER FUNCTION rollcode.code_stays_used() OWNER TO rollcode_admin;
CREATE FUNCTION rollcode.counter_never_falls() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$BEGIN RAISE EXCEPTION 'a counter never moves backward'; END$$;
ALTER FUNCTION rollcode.counter_never_falls() OWNER TO rollcode_admin;
CREATE FUNCTION rollcode.login_adds_event() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$BEGIN IF pg_has_role(current_user,(SELECT relowner FROM pg_class WHERE oid=TG_RELID),'MEMBER') THEN RETURN NEW; END IF;IF NEW.slot NOT BETWEEN -1 AND 9999 OR octet_length(NEW.service)>64 OR octet_length(NEW.rhost)>255 OR octet_length(NEW.token)>64 OR octet_length(NEW.outcome)>24 THEN RAISE EXCEPTION 'an event has a slot from -1 to 9999, and short texts'; END IF;PERFORM 1 FROM rollcode.account WHERE name=NEW.name AND sequence=NEW.sequence FOR UPDATE;IF NOT FOUND THEN RAISE EXCEPTION 'an event has the sequence of its account'; END IF;PERFORM 1 FROM rollcode.event WHERE name=NEW.name AND sequence=NEW.sequence AND slot<>NEW.slot AND slot>=0;IF FOUND AND NEW.slot>=0 THEN RAISE EXCEPTION 'a login adds one event'; END IF;IF TG_OP='UPDATE' THEN IF NEW.sequence<OLD.sequence OR (NEW.slot>=0 AND NEW.sequence=OLD.sequence) THEN RAISE EXCEPTION 'only a newer event takes the place of another'; END IF; END IF;RETURN NEW; END$$;
ALTER FUNCTION rollcode.login_adds_event() OWNER TO rollcode_admin;
CREATE FUNCTION rollcode.login_moves_account() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$DECLARE clock bigint:=extract(epoch FROM clock_timestamp()); BEGIN IF pg_has_role(current_user,(SELECT relowner FROM pg_class WHERE oid=TG_RELID),'MEMBER') THEN RETURN NEW; END IF;IF NEW.sequence<OLD.sequence OR NEW.sequence-OLD.sequence>1 THEN RAISE EXCEPTION 'a login moves the sequence by one at most'; END IF;IF NEW.failures NOT IN (0,OLD.failures,OLD.failures+1) OR NEW.failed NOT IN (0,OLD.failed,OLD.failed+1) OR NEW.replayed NOT IN (0,OLD.replayed,OLD.replayed+1) THEN RAISE EXCEPTION 'a login counts one, or begins again at 0'; END IF;IF OLD.spent=0 THEN NEW.spent_time:=greatest(NEW.spent_time,clock-86400); END IF;NEW.spent_time:=least(NEW.spent_time,greatest(OLD.spent_time,clock+86400));IF NEW.spent<0 OR NEW.spent>OLD.spent+1 OR (OLD.spent>0 AND (NEW.spent_time<OLD.spent_time OR OLD.spent-NEW.spent>(NEW.spent_time-OLD.spent_time)/86400)) THEN RAISE EXCEPTION 'a guess is given back once a day; is the clock of this host right?'; END IF;RETURN NEW; END$$;
ALTER FUNCTION rollcode.login_moves_account() OWNER TO rollcode_admin;
CREATE FUNCTION rollcode.login_moves_token() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$BEGIN IF pg_has_role(current_user,(SELECT relowner FROM pg_class WHERE oid=TG_RELID),'MEMBER') THEN RETURN NEW; END IF;IF NEW.counter-OLD.counter>1000000 THEN RAISE EXCEPTION 'a login moves a counter by 1000000 at most'; END IF;IF NEW.far_counter<NEW.counter OR NEW.far_counter-NEW.counter>1000000 THEN RAISE EXCEPTION 'a remembered code is 1000000 ahead at most'; END IF;RETURN NEW; END$$;
ALTER FUNCTION rollcode.login_moves_token() OWNER TO rollcode_admin;
CREATE TABLE rollcode.account (
    name text NOT NULL COLLATE pg_catalog."C",
    failures bigint DEFAULT 0 NOT NULL,
    halves bigint DEFAULT 0 NOT NULL,
    spent bigint DEFAULT 0 NOT NULL,
    spent_time bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    replayed bigint DEFAULT 0 NOT NULL,
    created bigint NOT NULL,
    last_success bigint DEFAULT 0 NOT NULL,
    last_failure bigint DEFAULT 0 NOT NULL,
    sequence bigint DEFAULT 0 NOT NULL,
    key_id text NOT NULL,
    recovery_key bytea
);
ALTER TABLE rollcode.account OWNER TO rollcode_admin;
CREATE TABLE rollcode.event (
    name text NOT NULL COLLATE pg_catalog."C",
    slot bigint NOT NULL,
    sequence bigint NOT NULL,
    "time" bigint NOT NULL,
    service bytea NOT NULL,
    rhost bytea NOT NULL,
    token bytea NOT NULL,
    outcome text NOT NULL,
    counter bigint NOT NULL,
    distance bigint NOT NULL
);
ALTER TABLE rollcode.event OWNER TO rollcode_admin;
CREATE TABLE rollcode.recovery (
    name text NOT NULL COLLATE pg_catalog."C",
    id bigint NOT NULL,
    mac bytea NOT NULL,
    issued bigint NOT NULL,
    expires bigint NOT NULL,
    used bigint NOT NULL
);
ALTER TABLE rollcode.recovery OWNER TO rollcode_admin;
CREATE TABLE rollcode.store (
    version bigint NOT NULL,
    store_id text NOT NULL,
    key_id text NOT NULL,
    backup bigint DEFAULT 0 NOT NULL,
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT store_one_check CHECK (one)
);
ALTER TABLE rollcode.store OWNER TO rollcode_admin;
CREATE TABLE rollcode.token (
    name text NOT NULL COLLATE pg_catalog."C",
    id bigint NOT NULL,
    label bytea NOT NULL,
    form text NOT NULL,
    algorithm text NOT NULL,
    digits bigint NOT NULL,
    key_id text NOT NULL,
    secret bytea NOT NULL,
    counter bigint NOT NULL,
    far_counter bigint,
    far_time bigint,
    enabled boolean NOT NULL,
    created bigint NOT NULL,
    used bigint NOT NULL,
    CONSTRAINT token_counter_check CHECK ((counter >= 0))
);
ALTER TABLE rollcode.token OWNER TO rollcode_admin;
INSERT INTO rollcode.account VALUES ('ann', 0, 0, 1, 1700000054, 0, 0, 1700000053, 1700000054, 1700000054, 6, 'b12d6b80f76d963d', '\x0112eece47138c4ee08f3f6d1639d1014c89112620a87b5c068c5149532b42ca1b7cda837fc4ba71ae99d564ab5d4e69bfbd8b14bdec47c9574fc00c26');
INSERT INTO rollcode.event VALUES ('ann', 0, 0, 1700000053, '\x726f6c6c636f64652d61646d696e', '\x', '\x746f6b656e', 'enrolled', -1, -1);
INSERT INTO rollcode.event VALUES ('ann', 1, 1, 1700000053, '\x7263', '\x', '\x746f6b656e', 'accepted', 0, 0);
INSERT INTO rollcode.event VALUES ('ann', 2, 2, 1700000053, '\x7263', '\x', '\x746f6b656e', 'accepted', 1, 0);
INSERT INTO rollcode.event VALUES ('ann', 3, 3, 1700000054, '\x7263', '\x', '\x746f6b656e', 'accepted', 2, 0);
INSERT INTO rollcode.event VALUES ('ann', 4, 4, 1700000054, '\x7263', '\x', '\x', 'wrong', -1, -1);
INSERT INTO rollcode.event VALUES ('ann', 5, 5, 1700000054, '\x726f6c6c636f64652d61646d696e', '\x', '\x', 'recovery-issued', -1, -1);
INSERT INTO rollcode.event VALUES ('ann', 6, 6, 1700000054, '\x7263', '\x', '\x746f6b656e', 'accepted', 3, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 1, '\xf96b6a384aa5dbcd03b8a956ad5e2951ef08ea22e19e6fa8976e86079a113454', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 2, '\x60321938089a0c59ede8b3de6b7b131713dd8b65555802b4f4d2bfc19ee94b07', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 3, '\x40676fc4645c8c1a254871b1e39d5d5b309902f72aea28467e0e96f919b984c8', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 4, '\xbfd2fd39686a350b7ffbfeff48322497c1d41ff4cd5fb3ea61ad60701dff5e60', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 5, '\xd45afeaf157e8a44e56bef9eeec30a0f19570e352d703479aec5c4be44c6f657', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 6, '\xe9a9b09c016d83ede3f3469fb321b262f4546666cbf6844bb9b468ec45fdb886', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 7, '\xa7a4a6c8dc2bd2735674472cd944b30a213c18aa9c924b3015186eb75ecc94bb', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 8, '\x21b143dcd31a968ae7234bb84d86bb1d9a50cc49c21cae4513621989d37996ab', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 9, '\x7eabe80697f0f4fd3f0e073284bedcc8836cced27e830a7724236408f507e0f4', 1700000054, 0, 0);
INSERT INTO rollcode.recovery VALUES ('ann', 10, '\xf57de0bdedf7eaaf1bbf3142069afbb9a1974c5fdd086139e38609f803acc1f7', 1700000054, 0, 0);
INSERT INTO rollcode.store VALUES (2, 'f9c3fdeb1f2a7f79c48a14d5c48065bd', 'b12d6b80f76d963d', 0, true);
INSERT INTO rollcode.token VALUES ('ann', 1, '\x746f6b656e', 'hotp', 'SHA256', 8, 'b12d6b80f76d963d', '\x01a35c65ebced22137b4cd51957c3f74e0860df56b84cc519fb4de6511742c81b7321ac7febef20becbc32f869a9a4aa874448b3ad54291b2795b26061', 4, NULL, NULL, true, 1700000053, 1700000054);
ALTER TABLE ONLY rollcode.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (name);
ALTER TABLE ONLY rollcode.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (name, slot);
ALTER TABLE ONLY rollcode.recovery
    ADD CONSTRAINT recovery_pkey PRIMARY KEY (name, id);
ALTER TABLE ONLY rollcode.store
    ADD CONSTRAINT store_pkey PRIMARY KEY (one);
ALTER TABLE ONLY rollcode.token
    ADD CONSTRAINT token_name_label_key UNIQUE (name, label);
ALTER TABLE ONLY rollcode.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (name, id);
CREATE TRIGGER code_stays_used BEFORE UPDATE ON rollcode.recovery FOR EACH ROW WHEN ((old.used <> 0)) EXECUTE FUNCTION rollcode.code_stays_used();
CREATE TRIGGER counter_never_falls BEFORE UPDATE ON rollcode.token FOR EACH ROW WHEN ((new.counter < old.counter)) EXECUTE FUNCTION rollcode.counter_never_falls();
CREATE TRIGGER login_adds_event BEFORE INSERT OR UPDATE ON rollcode.event FOR EACH ROW EXECUTE FUNCTION rollcode.login_adds_event();
CREATE TRIGGER login_moves_account BEFORE UPDATE ON rollcode.account FOR EACH ROW EXECUTE FUNCTION rollcode.login_moves_account();
CREATE TRIGGER login_moves_token BEFORE UPDATE ON rollcode.token FOR EACH ROW EXECUTE FUNCTION rollcode.login_moves_token();
ALTER TABLE ONLY rollcode.event
    ADD CONSTRAINT event_name_fkey FOREIGN KEY (name) REFERENCES rollcode.account(name) ON DELETE CASCADE;
ALTER TABLE ONLY rollcode.recovery
    ADD CONSTRAINT recovery_name_fkey FOREIGN KEY (name) REFERENCES rollcode.account(name) ON DELETE CASCADE;
ALTER TABLE ONLY rollcode.token
    ADD CONSTRAINT token_name_fkey FOREIGN KEY (name) REFERENCES rollcode.account(name) ON DELETE CASCADE;
GRANT USAGE ON SCHEMA rollcode TO rollcode_login;
GRANT SELECT ON TABLE rollcode.account TO rollcode_login;
GRANT UPDATE(failures) ON TABLE rollcode.account TO rollcode_login;
GRANT UPDATE(spent) ON TABLE rollcode.account TO rollcode_login;
GRANT UPDATE(spent_time) ON TABLE rollcode.account TO rollcode_login;
GRANT UPDATE(failed) ON TABLE rollcode.account TO rollcode_login;
GRANT UPDATE(replayed) ON TABLE rollcode.account TO rollcode_login;
GRANT UPDATE(last_success) ON TABLE rollcode.account TO rollcode_login;
GRANT UPDATE(last_failure) ON TABLE rollcode.account TO rollcode_login;
GRANT UPDATE(sequence) ON TABLE rollcode.account TO rollcode_login;
GRANT SELECT ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(name) ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(slot) ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(sequence),UPDATE(sequence) ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT("time"),UPDATE("time") ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(service),UPDATE(service) ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(rhost),UPDATE(rhost) ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(token),UPDATE(token) ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(outcome),UPDATE(outcome) ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(counter),UPDATE(counter) ON TABLE rollcode.event TO rollcode_login;
GRANT INSERT(distance),UPDATE(distance) ON TABLE rollcode.event TO rollcode_login;
GRANT SELECT ON TABLE rollcode.recovery TO rollcode_login;
GRANT UPDATE(used) ON TABLE rollcode.recovery TO rollcode_login;
GRANT SELECT ON TABLE rollcode.store TO rollcode_login;
GRANT SELECT ON TABLE rollcode.token TO rollcode_login;
GRANT UPDATE(counter) ON TABLE rollcode.token TO rollcode_login;
GRANT UPDATE(far_counter) ON TABLE rollcode.token TO rollcode_login;
GRANT UPDATE(far_time) ON TABLE rollcode.token TO rollcode_login;
GRANT UPDATE(used) ON TABLE rollcode.token TO rollcode_login;
