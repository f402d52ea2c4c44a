/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness.pml - logins, commands and a world that kills them, cuts the power
 * and puts older files back, for one user of a store of files with a witness:
 * every order in which that can happen, up to so many changes.
 *
 * tests/store/witness_model.sh runs it.  A line "stands for" names what a piece
 * is in the tree; the script looks whether that is there.
 *
 * What must hold, whatever happens:
 *
 *  1. No code is admitted twice, and none behind one that was.
 *  2. Nothing is raised or denied unless the store went back.
 *  3. Who was removed, or had a token replaced, is not admitted with what was
 *     put back.
 *
 * What is taken for granted:
 *
 *  a. A commit is there whole or not at all, and on disk when it returns
 *     (stands for sqlite_commit() of common/sqlite/open.c; power cuts of that
 *     are tests/store/powercut.sh).
 *  b. A witness is written at once, and a cut loses the newest ones: what is
 *     on disk is one of those that were written.
 *  c. Logins that were killed behind their commit, one after the other, are
 *     fewer than what an enrolment's sequence leaves out: GAP here, and
 *     SEQUENCE_GAP of pam_rollcode/store/sqlite/users.c in the tree.
 *  d. A cut that loses a witness and a store that goes back do not come
 *     together; nor does the witness go back.  LIMIT_CUT and LIMIT_BOTH allow
 *     that, and a code is admitted twice.
 *  e. No other file gets the name while a login has the old one open, which
 *     would be two locks.  LIMIT_SWAP allows that.
 *
 * Mistakes to be put in by -D: NO_LOCK, NO_WITNESS, WITNESS_FIRST, VERDICT_FIRST,
 * EARLY_UNLOCK, NO_LOOK, SEQUENCE_ALONE, RAISE_DROPPED, FORGOTTEN, NO_TOMBSTONE,
 * TOMBSTONE_UNSYNCED, SEQUENCE_ANEW, NO_GAP, OTHERS_IGNORED.
 */
#ifndef CODES
#define CODES 2			/* of each token: 0 .. CODES - 1 */
#endif
#ifndef CHANGES
#define CHANGES 4		/* of an enrolment, below GAP */
#endif
#ifndef COPIES
#define COPIES 2		/* of the file, made at any time */
#endif
#ifndef ENROLMENTS
#define ENROLMENTS 2
#endif
#ifndef TOLERANCE
#define TOLERANCE 1
#endif
#ifndef REMOVALS
#define REMOVALS 1
#endif
#define GAP 16

#define EVERYBODY 3		/* two verifiers and the administrator */
#define ADMINISTRATOR 2

/* A user's file or witness; all zero is none. */
typedef record {
	bool here;
	bool gone;		/* a witness that the user was removed */
	byte enrolment;		/* which: by its tokens */
	byte sequence;
	byte counter
};

record file, witness;
record synced;			/* the witness as it is on disk */
record copies[COPIES];
#ifdef LIMIT_BOTH
record others[COPIES];		/* of the witness, made with them */
#endif

byte lock;			/* of the file of that name: who has it, + 1 */
bool stray[EVERYBODY];		/* has a file open that has lost its name */
bool busy[EVERYBODY];
bool cut[EVERYBODY];		/* the power was, since it began */

/* What really was: nobody reads it. */
byte admitted[ENROLMENTS];	/* a bit for each code */
byte least;			/* enrolment that may be admitted */
bool back;			/* the store went back */
bool lost;			/* a cut lost a witness */

#define same(a, b) (a.here == b.here && a.gone == b.gone && \
	a.enrolment == b.enrolment && a.sequence == b.sequence && \
	a.counter == b.counter)
#define higher(a, b) (a > b -> a : b)

inline copy(to, from)
{
	to.here = from.here;
	to.gone = from.gone;
	to.enrolment = from.enrolment;
	to.sequence = from.sequence;
	to.counter = from.counter
}

inline forget(what)
{
	what.here = 0;
	what.gone = 0;
	what.enrolment = 0;
	what.sequence = 0;
	what.counter = 0
}

inline begin(me)
{
	lock == 0 && !cut[me];
	busy[me] = 1;
#ifndef NO_LOCK
	lock = me + 1;
#endif
	copy(old, file)
}

inline unlock(me)
{
	if
	:: lock == me + 1 -> lock = 0
	:: else
	fi;
	stray[me] = 0
}

/* However it ended: what a process had is gone with it. */
inline end(me)
{
	unlock(me);
	busy[me] = 0;
	cut[me] = 0;
	forget(old);
	forget(new);
	raised = 0;
	denied = 0
}

/* Stands for witness_compare() of pam_rollcode/store/sqlite/witness.c. */
inline look()
{
	copy(new, old);
#ifndef NO_LOOK
	if
	:: !witness.here
	:: witness.here && witness.sequence > old.sequence &&
	    (witness.gone || witness.enrolment != old.enrolment) ->
#ifndef OTHERS_IGNORED
		denied = 1
#endif
	:: witness.here && witness.sequence <= old.sequence &&
	    (witness.gone || witness.enrolment != old.enrolment)
	:: witness.here && !witness.gone &&
	    witness.enrolment == old.enrolment ->
#ifdef SEQUENCE_ALONE
		raised = witness.sequence > old.sequence
#else
		raised = witness.sequence > old.sequence ||
		    witness.counter > old.counter
#endif
	fi;
#endif
	if
	:: raised ->
		new.sequence = higher(witness.sequence, old.sequence);
		new.counter = higher(witness.counter, old.counter)
	:: else
	fi;
	assert(!raised || back);
	assert(!denied || back);
	assert(denied || new.enrolment >= least);
	assert(denied || admitted[new.enrolment] >> new.counter == 0)
}

/* Only what is still as begin() has read it is overwritten. */
inline commit(me)
{
	if
	:: stray[me]			/* a file that nobody will find */
	:: !stray[me] && same(file, old) -> copy(file, new)
	:: !stray[me] && !same(file, old) -> denied = 1
	fi;
	forget(old);
	raised = 0
}

/* Stands for witness_write() of pam_rollcode/store/sqlite/witness.c. */
inline write_witness()
{
#ifndef NO_WITNESS
	copy(witness, new);
	lost = 0;
#endif
	if
	:: same(file, new) && !stray[0] && !stray[1] && !stray[2] -> back = 0
	:: else
	fi
}

inline admit()
{
	assert(!(admitted[new.enrolment] & (1 << code)));
	admitted[new.enrolment] = admitted[new.enrolment] | (1 << code);
	right = 0
}

/*
 * Stands for verify_input() of pam_rollcode/rules/verify.c: a right code, one
 * that is behind, which changes nothing here, or a wrong one, which is counted.
 */
inline verify()
{
	select (code : 0 .. CODES - 1);
	right = code >= new.counter && code < new.counter + TOLERANCE;
	if
	:: denied || code < new.counter || new.sequence % GAP >= CHANGES ->
		goto out
	:: else
	fi;
	new.sequence = new.sequence + 1;
#ifdef RAISE_DROPPED
	new.sequence = old.sequence + 1;
	new.counter = old.counter;
#endif
	if
	:: right -> new.counter = code + 1
	:: else
	fi
}

/*
 * Stands for login_decide() of pam_rollcode/login/login.c.  A kill before the
 * commit changes nothing, and needs no place here.
 */
proctype verifier(byte me)
{
	record old, new;
	byte code;
	bool raised, denied, right;

again:
	atomic {
		file.here && lock == 0;
		begin(me);
		look();
		verify();
#ifdef WITNESS_FIRST
		write_witness();
#endif
#ifdef VERDICT_FIRST
		if
		:: right -> admit()
		:: else
		fi
#endif
	}
	/* Stands for sqlite_store_commit() of pam_rollcode/store/sqlite/ops.c. */
	if
	:: atomic {
		!cut[me];
		commit(me);
		if
		:: denied -> goto out
		:: else
		fi
#ifdef EARLY_UNLOCK
		;
		unlock(me)
#endif
	}
	:: goto out			/* killed */
	fi;
	if
	:: atomic {
		!cut[me];
#ifndef WITNESS_FIRST
		write_witness();
#endif
		new.sequence = 0;
		new.counter = 0;
		unlock(me)
	}
	:: goto out
	fi;
	if
	:: atomic {
		!cut[me];
		if
		:: right -> admit()
		:: else
		fi
	}
	:: goto out
	fi;
out:
	atomic {
		end(me);
		right = 0;
		code = 0
	}
	goto again
}

/* Stands for fresh_sequence() of pam_rollcode/store/sqlite/users.c. */
#ifdef NO_GAP
#define after(a, b) (higher(a, b) + 1)
#else
#define after(a, b) ((higher(a, b) / GAP + 1) * GAP)
#endif

/* Stands for witness_bury() of pam_rollcode/store/sqlite/witness.c. */
inline bury()
{
	new.gone = 1;
	new.sequence = after(new.sequence, witness.sequence);
	new.enrolment = 0;
	new.counter = 0;
#ifdef NO_TOMBSTONE
	forget(new);
#endif
	copy(witness, new);
#ifndef TOMBSTONE_UNSYNCED
	copy(synced, new);
#endif
	lost = 0
}

proctype administrator()
{
	record old, new;
	byte next = 1, removals;
	bool raised, denied;

again:
	if
	/*
	 * Stands for store_sqlite_create() of pam_rollcode/store/sqlite/users.c:
	 * in place of a file that is there, or of none.
	 */
	:: atomic {
		next < ENROLMENTS;
		begin(ADMINISTRATOR);
		copy(new, old);
		new.here = 1;
		new.gone = 0;
		new.enrolment = next;
		new.counter = 0;
#ifdef SEQUENCE_ANEW
		new.sequence = 1;
#else
		new.sequence = after(old.sequence, witness.sequence);
#endif
		next++;
#ifdef FORGOTTEN
		forget(witness);
		forget(synced)
#endif
	}
		if
		:: atomic {
			!cut[ADMINISTRATOR];
			if
			:: same(file, old) -> copy(file, new)
			:: else -> goto out
			fi;
			unlock(ADMINISTRATOR)
		}
		:: goto out
		fi;
		/* and for first_commit() of pam_rollcode/store/sqlite/users.c */
		if
		:: atomic {
			!cut[ADMINISTRATOR] && file.here && lock == 0;
			copy(old, file);
			lock = ADMINISTRATOR + 1;
			look();
			new.sequence++;
			if
			:: denied || new.enrolment != next - 1 -> goto out
			:: else
			fi
		}
		:: goto out
		fi;
		if
		:: atomic {
			!cut[ADMINISTRATOR];
			commit(ADMINISTRATOR);
			if
			:: denied -> goto out
			:: else
			fi
		}
		:: goto out
		fi;
		if
		:: atomic {
			!cut[ADMINISTRATOR];
			write_witness();
			least = new.enrolment
		}
		:: goto out
		fi
	/* Stands for store_sqlite_remove() of pam_rollcode/store/sqlite/users.c. */
	:: atomic {
		file.here && lock == 0 && removals < REMOVALS;
		begin(ADMINISTRATOR);
		removals++;
		copy(new, old);
		forget(file)
	}
		if
		:: atomic {
			!cut[ADMINISTRATOR];
			least = new.enrolment + 1;
			bury()
		}
		:: goto out
		fi
	fi;
out:
	atomic {
		end(ADMINISTRATOR)
	}
	goto again
}

#ifdef LIMIT_CUT
#define MAY_GO_BACK true
#define MAY_LOSE true
#else
#define MAY_GO_BACK (!lost)
#define MAY_LOSE (!back || witness.gone || same(synced, witness))
#endif
#ifdef LIMIT_SWAP
#define MAY_SWAP true
#else
#define MAY_SWAP (lock == 0)
#endif

/* Put a copy back that was made. */
inline put_back()
{
	select (i : 0 .. COPIES - 1);
	if
	:: copies[i].here ->
		copy(file, copies[i]);
#ifdef LIMIT_BOTH
		copy(witness, others[i]);
#endif
		back = 1
	:: else -> i = COPIES
	fi
}

proctype world()
{
	byte i;

	do
	:: atomic {
		file.here;
		select (i : 0 .. COPIES - 1);
		copy(copies[i], file);
#ifdef LIMIT_BOTH
		copy(others[i], witness);
#endif
		i = 0
	}
	/* Into the file, and the log is removed: cp, cat, .restore. */
	:: atomic {
		file.here && MAY_GO_BACK;
		put_back();
		i = 0
	}
	/* In its place: mv, tar, rsync. */
	:: atomic {
		MAY_GO_BACK && MAY_SWAP;
		put_back();
		if
		:: i < COPIES && lock != 0 ->
			stray[lock - 1] = 1;
			lock = 0
		:: else
		fi;
		i = 0
	}
	/* The kernel writes when it likes. */
	:: atomic {
		!same(synced, witness);
		copy(synced, witness)
	}
	/* Every process ends, and so do their locks. */
	:: atomic {
		MAY_LOSE;
		lost = lost || !witness.gone && !same(synced, witness);
		copy(witness, synced);
		lock = 0;
		for (i : 0 .. EVERYBODY - 1) {
			cut[i] = busy[i];
			stray[i] = 0
		}
		i = 0
	}
	od
}

init {
	atomic {
		file.here = 1;
		file.sequence = 1;
		copy(witness, file);
		copy(synced, file);
		run world();
		run verifier(0);
#ifdef COMMANDS
		run administrator();
#endif
#ifndef ALONE
		run verifier(1)
#endif
	}
}
