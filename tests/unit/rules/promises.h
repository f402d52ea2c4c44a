/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promises.h - what the verifier promises, a row each.
 *
 * Tokens are DIGITS@COUNTER, or a name of story.h in place of the
 * digits; the first is a, the second b.  Then what differs from the default
 * policy.  Then the story:
 *
 *	12:accepted	the code of counter 12 of token a is typed: accepted
 *	12@-3:expired	the same, made three steps of time ago; a step is 120
 *			seconds, and the story begins 80 seconds into one
 *	b3,b4:wrong	two codes of token b on one line
 *	'755224:far	exactly this text
 *	x:wrong		a code that no token makes; bx has the width of b's
 *	r0:accepted	a recovery code, r0 or r1 of "recovery", r2 of
 *			"once=SECONDS", which expires; rx is none
 *	5*x:wrong	five times
 *	+300s -1d	time goes by, or back
 *	off=b on=b unlock	the administrator
 *	back=2		the store was put back: codes count from two steps after
 *			this one on; back=no: no more
 *	a=13		token a's counter; other names are in test_verify.c
 */
#ifndef ROLLCODE_TESTS_PROMISES_H
#define ROLLCODE_TESTS_PROMISES_H

#include "tests/unit/rules/story.h"

#define END_1	"9223372036854775806"	/* the last usable counter */
#define END	"9223372036854775807"	/* exhausted */

/* clang-format off */
static const struct promise promises[] = {
{ "the codes of RFC 4226 appendix D are accepted in order", "rfc@0", "",
  "'755224:accepted '287082:accepted '359152:accepted '969429:accepted "
  "'338314:accepted '254676:accepted '287922:accepted '162583:accepted "
  "'399871:accepted '520489:accepted a=10" },

/* near */
{ "the next code is accepted", "8@10", "",
  "10:accepted a=11 skipped=0 distance=0 matched=1 guarded=0 changed=1" },
{ "a skipped code is forgiven", "8@10", "", "12:accepted a=13 skipped=2" },
{ "the last near code is accepted", "8@10", "", "14:accepted a=15" },
{ "one past the tolerance is not near", "8@10", "", "15:far a=10" },
{ "tolerance 1 takes the next code only", "8@10", "tolerance=1",
  "11:far 10:accepted" },
{ "tolerance 100 takes a hundred codes", "8@0", "tolerance=100",
  "100:far 99:accepted a=100" },
{ "tolerance 100 needs no resync window", "8@0", "tolerance=100 window=0",
  "100:wrong 99:accepted" },

/* never twice, never back */
{ "a code is accepted once", "8@10", "", "10:accepted 10:replayed a=11" },
{ "a skipped code never works again", "8@10", "",
  "13:accepted 10:replayed 11:replayed 12:replayed a=14" },
{ "a code played early buries the one before it", "8@0", "",
  "2:accepted 1:replayed 3:accepted" },
{ "a replay is not counted as a failure", "8@10", "guard=1 guesses=1",
  "9:replayed failures=0 spent=0 failed=0 replayed=1 changed=1 guarded=0 "
  "distance=1 10:accepted" },
{ "the look behind ends where the policy says", "8@100", "",
  "36:replayed 35:wrong" },
{ "without a look behind a replay is wrong", "8@10", "behind=0", "9:wrong" },
{ "at counter 0 nothing lies behind", "8@0", "", "x:wrong 0:accepted a=1" },

/* wrong */
{ "a wrong code moves nothing and is counted", "8@10", "",
  "x:wrong a=10 failures=1 spent=1 failed=1 replayed=0 changed=1" },
{ "a success forgets failures but not guesses", "8@10", "",
  "3*x:wrong 10:accepted failures=0 failed=0 spent=3" },
{ "the owner is told of failures and replays once", "8@10", "",
  "2*x:wrong 50:far 9:replayed 10:accepted told=3 toldreplays=1 11:accepted "
  "told=0 toldreplays=0" },
{ "a shape that no token has is not counted", "8@10", "",
  "'1234567:malformed '123456:malformed '123456123456:malformed changed=0 "
  "failures=0 spent=0" },

/* far */
{ "a far code is refused and counted like a wrong one", "8@10", "",
  "50:far a=10 failures=1 spent=1 failed=1 far=1 distance=40" },
{ "the last far code is remembered", "8@10", "", "1009:far far=1" },
{ "one past the resync window is wrong", "8@10", "", "1010:wrong far=0" },
{ "a resync window of 0 is off", "8@10", "window=0", "15:wrong 15,16:wrong" },
{ "a far code and the one after it resynchronise", "8@10", "",
  "50:far 51:resynced a=52 skipped=41 distance=41 far=0 failures=0" },
{ "the code after the last far one counts", "8@10", "",
  "1009:far 1010:resynced a=1011" },
{ "pressing again is good for the whole time", "8@10", "",
  "50:far +300s 51:resynced" },
{ "pressing again is too late after that", "8@10", "",
  "50:far +301s 51:far a=10 failures=2 52:resynced" },
{ "the same far code again is not the one after it", "8@10", "",
  "50:far 50:far 51:resynced" },
{ "not the one after the next either", "8@10", "",
  "50:far 52:far 53:resynced" },
{ "a wrong code in between forgets the far one", "8@10", "",
  "50:far x:wrong far=0 51:far" },
{ "a wrong pair in between forgets it", "8@10", "",
  "50:far x,x:wrong far=0 51:far" },
{ "a success in between forgets it", "8@10", "",
  "50:far 10:accepted far=0 51:far" },
{ "a replay in between does not", "8@10", "",
  "50:far 9:replayed far=1 51:resynced" },
{ "a malformed line in between does not", "8@10", "",
  "50:far '1234567:malformed far=1 51:resynced" },
{ "another token's code in between forgets it", "8@10 8@0", "",
  "50:far b0:accepted 51:far" },
{ "the press that guards the account is not remembered", "8@10", "",
  "4*x:wrong 50:far guarded=1 far=0 51:guarded changed=0 52,53:guarded "
  "50,51,52:resynced a=53 failures=0" },
{ "nor is one where the first failure guards it", "8@10", "guard=1",
  "50:far guarded=1 far=0 51:guarded 51,52,53:resynced a=54" },
{ "a clock that went back forgets it", "8@10", "",
  "50:far -1s 51:far 52:resynced" },
{ "a replay notices that the clock went back", "8@10", "",
  "50:far -1s 9:replayed far=0 +1s 51:far" },
{ "unlocking forgets it", "8@10", "", "50:far unlock far=0 51:far" },

/* two and three codes on one line */
{ "two consecutive codes are accepted", "8@10", "",
  "10,11:accepted a=12 skipped=0" },
{ "three are", "8@10", "", "10,11,12:accepted a=13" },
{ "they are near if the first is", "8@10", "", "14,15:accepted a=16" },
{ "two far codes resynchronise", "8@10", "",
  "15,16:resynced a=17 skipped=5 distance=5" },
{ "three far codes resynchronise", "8@10", "", "50,51,52:resynced a=53" },
{ "they are far if the first is", "8@10", "", "1009,1010:resynced a=1011" },
{ "beyond the window two codes are wrong", "8@10", "",
  "1010,1011:wrong failures=1 spent=1 a=10" },
{ "a pair is spent as a whole", "8@10", "",
  "10,11:accepted 10:replayed 11:replayed 10,11:replayed" },
{ "reversed codes are wrong", "8@10", "", "11,10:wrong a=10" },
{ "the same code twice is wrong", "8@10", "", "10,10:wrong a=10" },
{ "a gap is wrong", "8@10", "", "10,12:wrong 10,11,13:wrong a=10" },
{ "codes of two tokens are no pair", "8@10 8@10", "",
  "10,b11:wrong 10,b10:wrong a=10 b=10" },
{ "an old pair is a replay", "8@10", "", "8,9:replayed failures=0" },
{ "a pair that begins behind is a replay", "8@10", "",
  "9,10:replayed 9,10,11:replayed 8,9,10:replayed a=10" },
{ "the look behind holds for pairs", "8@100", "",
  "36,37:replayed 35,36:wrong" },
{ "a wrong pair is one failure", "8@10", "",
  "10,x:wrong failures=1 spent=1" },
{ "a pair that spoils its third code is wrong", "8@10", "",
  "10,11,x:wrong a=10" },

/* guarded */
{ "the fifth failure guards the account", "8@10", "",
  "4*x:wrong guarded=0 x:wrong guarded=1 10:guarded a=10" },
{ "four failures do not", "8@10", "", "4*x:wrong 10:accepted" },
{ "guard after 1", "8@10", "guard=1",
  "x:wrong guarded=1 10:guarded 10,11,12:accepted 13:accepted" },
{ "a guarded account writes nothing for single codes", "8@10", "",
  "5*x:wrong 9*x:guarded changed=0 9:replayed changed=0 failures=5 spent=5 "
  "failed=5 replayed=0" },
{ "nor for two or three, right or wrong", "8@10", "",
  "5*x:wrong x,x:guarded changed=0 10,x:guarded changed=0 x,11:guarded "
  "changed=0 10,11:guarded changed=0 50,51:guarded changed=0 "
  "11,10:guarded changed=0 10,x,x:guarded changed=0 10,11,x:guarded "
  "changed=0 x,11,12:guarded changed=0 10,x,12:guarded changed=0 "
  "10,11,13:guarded changed=0 failures=5 spent=5 failed=5 a=10" },
{ "nor for a used code", "8@10", "",
  "5*x:wrong 8,9:replayed changed=0 9,10:replayed changed=0 "
  "9,10,11:replayed changed=0 replayed=0" },
{ "nor for anything while a far code is remembered", "8@10 8@90", "guard=2",
  "x:wrong 50:far far=0 x:guarded changed=0 51:guarded changed=0" },
{ "three consecutive codes open it", "8@10", "",
  "5*x:wrong 6*10:guarded 10,11,12:accepted a=13 failures=0 spent=5 "
  "13:accepted" },
{ "two do not, near or far", "8@10", "",
  "5*x:wrong 10,11:guarded 14,15:guarded 50,51:guarded a=10 "
  "14,15,16:accepted a=17" },
{ "three far ones do", "8@10", "",
  "5*x:wrong 50,51,52:resynced a=53 skipped=40 distance=40" },
{ "for 6 digits too", "6@10", "",
  "5*x:wrong 14,15:guarded 14,15,16:accepted" },
{ "and for 7", "7@10", "", "5*x:wrong 50,51:guarded 50,51,52:resynced" },
{ "three beyond the window do not", "8@10", "",
  "5*x:wrong 1010,1011,1012:guarded 1009,1010,1011:resynced a=1012" },
{ "three of two tokens do not", "8@10 8@10", "",
  "5*x:wrong 10,11,b12:guarded b10,11,12:guarded a=10 b=10 "
  "b10,b11,b12:accepted a=10 b=13" },
{ "however wide the window is", "8@0 6@0", "window=32768 guard=1",
  "x:wrong 32767,32768:guarded 32767,32768,32769:resynced" },

/* guesses */
{ "spent guesses guard the account, success or not", "8@0", "guesses=3",
  "2*x:wrong 0:accepted guarded=0 x:wrong guarded=1 spent=3 1:guarded "
  "1,2,3:accepted guarded=1 4:guarded" },
{ "a guess comes back a day after the first", "8@0", "guesses=1",
  "x:wrong +86399s 0:guarded +1s 0:accepted spent=0" },
{ "one guess a day", "8@0", "guesses=3 guard=100",
  "3*x:wrong +1d 0:accepted spent=2 x:wrong spent=3 1:guarded +2d 1:accepted "
  "spent=1" },
{ "the rest of a day is not lost", "8@0", "guesses=2 guard=100",
  "2*x:wrong +129600s x:wrong spent=2 0:guarded +43199s 0:guarded +1s "
  "0:accepted spent=1" },
{ "days cannot be saved up", "8@0", "guesses=1 guard=100",
  "x:wrong +40d 0:accepted spent=0 x:wrong spent=1 1:guarded +86399s "
  "1:guarded +1s 1:accepted" },
{ "a clock gone back refunds nothing", "8@0", "guesses=1 guard=100",
  "x:wrong -10d 0:guarded 0,1,2:accepted spent=1 +10d 3:guarded +86399s "
  "3:guarded +1s 3:accepted spent=0" },
{ "ten years later every guess has come back", "8@0", "guesses=3 guard=100",
  "3*x:wrong +3653d 0:accepted spent=0" },
{ "a clock set to 1970 refunds nothing", "8@0", "guesses=1 guard=100",
  "x:wrong -1700000000s 0:guarded 0,1,2:accepted spent=1 +1700000000s "
  "3:guarded +1d 3:accepted spent=0" },
{ "a guess of 1970 is back when the clock is right", "8@0",
  "guesses=1 guard=100",
  "-1700000000s x:wrong spent=1 0:guarded +1700000000s 0:accepted spent=0" },
{ "a far code is remembered across 2038", "8@0", "",
  "+447483600s 50:far +100s 51:resynced" },
{ "a guess of the far future is not back today", "8@0",
  "guesses=1 guard=100",
  "+7500000000s x:wrong -7500000000s 0:guarded 0,1,2:accepted spent=1 "
  "unlock 3:accepted" },
{ "a far code of the far future is forgotten today", "8@0", "",
  "+7500000000s 50:far -7500000000s 51:far" },
{ "a refund alone is not written", "8@0", "guesses=2 guard=1",
  "x:wrong spent=1 +1d 0:guarded changed=0 spent=1" },

{ "unlocking forgets failures and guesses", "8@10", "guesses=5",
  "5*x:wrong 3*10,x:guarded unlock failures=0 spent=0 failed=5 "
  "10:accepted" },

/* one code, two counters */
{ "of two near counters the higher wins (SHA-1)", "repeat1@0", "",
  "'893178:accepted a=4 '893178:replayed a=4" },
{ "of two near counters the higher wins (SHA-256)", "repeat2@0", "",
  "'509005:accepted a=4 '509005:replayed a=4" },
{ "forward wins over behind", "repeat1@2", "",
  "'893178:accepted a=4 '893178:replayed" },
{ "far wins over behind", "repeat1@2", "tolerance=1",
  "'893178:far replayed=0 4:resynced" },
{ "near wins over far", "repeat2@1", "tolerance=1", "'509005:accepted a=2" },
{ "of two far counters the higher is remembered", "repeat1@0", "tolerance=1",
  "'893178:far 4:resynced a=5" },
{ "near wins over pressing again", "repeat1@1", "tolerance=1",
  "2:far '893178:accepted a=2" },
{ "a code of two tokens moves both", "rfc@0 twin@1", "",
  "'969429:accepted a=4 b=6 '969429:replayed" },
{ "near for one token leaves a far one alone", "rfc@0 twin@0", "",
  "'969429:accepted a=4 b=0" },
{ "far for two tokens is remembered for both", "rfc@0 twin@0", "tolerance=1",
  "'969429:far far=2 b6:resynced a=0 b=7 far=0" },

/* several tokens */
{ "each token has its own counter", "8@0 8@500 6@7", "",
  "b501:accepted a=0 b=502 c7:accepted c=8 0:accepted a=1" },
{ "failures are the account's", "8@0 6@0", "",
  "3*x:wrong 2*bx:wrong guarded=1 0:guarded b0:guarded b0,b1,b2:accepted "
  "failures=0 0:accepted" },
{ "a disabled token does not match", "8@0 8@500", "",
  "off=b b500:wrong b500,b501:wrong b499:wrong on=b b500:accepted" },
{ "the shape of a disabled token is malformed", "8@0 6@0", "",
  "off=b b0:malformed changed=0 failures=0" },
{ "without an enabled token nothing is counted", "8@0", "recovery",
  "off=a 0:disabled x:disabled 0,1:disabled r0:disabled '123456:disabled "
  "changed=0 failures=0 on=a 0:accepted" },

/* hash and hex */
{ "hex codes are accepted", "hex@0", "",
  "1:accepted a=2 1:replayed replayed=1 2,3:accepted" },
{ "hash codes are accepted", "hash@1", "",
  "1:accepted a=2 50:far 51:resynced 60,61:resynced a=62" },
{ "wrong hex codes are never counted", "hex@0", "",
  "30*x:wrong 30*x,x:wrong changed=0 failures=0 spent=0 failed=0 guarded=0 "
  "0:accepted" },
{ "far hex codes are not counted", "hex@0", "",
  "50:far failures=0 spent=0 far=1 changed=1 x:wrong changed=0 far=1 "
  "51:resynced" },
{ "a guarded account compares hex codes", "8@0 hex@0", "",
  "5*x:wrong bx:wrong changed=0 b50:far changed=0 far=0 b51:far "
  "b50,b51:resynced failures=0 0:accepted" },
{ "a guarded account writes no replay of a hex code", "8@0 hex@9", "",
  "5*x:wrong b8:replayed changed=0 replayed=0 b9:accepted guarded=1" },

/* codes that expire */
{ "a code is accepted in its step, and in the one on either side", "timed@10",
  "", "10:accepted 11@-1:accepted 12@+1:accepted a=13" },
{ "and until its time is over", "timed@10", "",
  "10@-1:accepted +39s 11@-1:accepted +1s 12@-2:expired" },
{ "in a step before those it has expired, and is used up", "timed@10", "",
  "10@-2:expired a=11 age=260 late=1 matched=1 distance=0 changed=1 failures=0 "
  "spent=0 failed=0 11:accepted toldlate=1 late=0 told=0" },
{ "and in a step after them", "timed@10", "",
  "10@+2:expired a=11 age=-220 late=1 11:accepted" },
{ "fifteen steps away it has expired", "timed@10", "",
  "10@-15:expired age=1820 11@+15:expired age=-1780 a=12 failures=0" },
{ "further away it is wrong", "timed@10", "",
  "10@-16:wrong 10@+16:wrong a=10 failures=2 late=0" },
{ "a clock that is set back does not revive it", "timed@10", "",
  "10@-5:expired -600s 10:replayed a=11 11:accepted" },
{ "what comes late skips what is before it", "timed@10", "",
  "12@-2:expired distance=2 a=13 11:replayed 12:replayed 13:accepted" },
{ "the last near code can come late, and none behind it", "timed@10", "",
  "15@-2:wrong 14@-2:expired a=15" },
{ "what comes late forgets the far one", "timed@10", "",
  "50:far 10@-2:expired far=0 51:far a=11" },
{ "what comes late guards nothing", "timed@10", "guard=1 guesses=1",
  "10@-2:expired 11@+2:expired guarded=0 12:accepted toldlate=2 13:accepted "
  "toldlate=0" },
{ "consecutive codes may be of two steps", "timed@10", "",
  "10@-1,11@+1:accepted a=12 12@+1,13,14@-1:accepted a=15" },
{ "one that has expired is enough", "timed@10", "",
  "10@-2,11:expired a=12 age=260 12,13@-2:expired a=14 age=20 "
  "14,15@+2,16:expired a=17 late=3 failures=0 17:accepted" },
{ "expired codes in another order are wrong", "timed@10", "",
  "11@-2,10@-2:wrong 10@-2,12@-2:wrong a=10 late=0" },
{ "its far window is a third of the others'", "timed@10", "",
  "343:wrong 342:far" },
{ "no wider than near, it is none", "timed@10", "window=17", "15:wrong" },
{ "pressing again is good in its time", "timed@10", "",
  "50:far +300s 51@-1:resynced a=52" },
{ "and not when it is over", "timed@10", "", "50:far 51@-2:wrong 51:far" },
{ "two far ones are good in theirs", "timed@10", "",
  "50@-1,51@+1:resynced a=52" },
{ "and far ones that have expired are wrong", "timed@10", "",
  "50@-2:wrong 50@-2,51:wrong a=10 late=0 far=0" },
{ "its look behind is a quarter of the others'", "timed@100", "",
  "84:replayed 83:wrong" },
{ "and goes back as far as a late code may be", "timed@100", "",
  "99@-15:replayed 99@+1:replayed 99@-16:wrong 99@+2:wrong replayed=2" },
{ "guarded, three codes of now open it, and two do not", "timed@10", "",
  "5*x:wrong 10:guarded 10,11:guarded changed=0 10@-1,11,12@+1:accepted "
  "a=13" },
{ "guarded, of three none may have expired", "timed@10", "",
  "5*x:wrong 10@-2,11,12:guarded changed=0 10,11@+2,12:guarded changed=0 "
  "10,11,12@-2:guarded changed=0 50,51,52@-2:guarded changed=0 a=10 late=0 "
  "50,51,52:resynced a=53 toldlate=0" },
{ "a guarded account writes nothing of what comes late", "timed@10", "",
  "5*x:wrong 10@-2:guarded changed=0 10@-2,11@-2:guarded changed=0 "
  "10@-2,11@-2,12@-2:guarded changed=0 a=10 late=0 failures=5 spent=5" },
{ "nor of 64 digits", "8@0 timed64@10", "",
  "5*x:wrong b10@-2:wrong changed=0 b=10 late=0 b10:accepted failures=0" },
{ "of 64 digits it expires too, and is not counted", "timed64@10", "",
  "10@-2:expired a=11 late=1 30*x:wrong changed=0 failures=0 11@-1:accepted "
  "a=12 toldlate=1" },
{ "each token has its own time", "timed@10 8@10", "",
  "10@-2:expired a=11 b=10 b10@-2:accepted b=11 age=0 11:accepted age=20" },
{ "before 1970 it has no code", "timed@10", "",
  "-1700000001s 10@+1:wrong 9@+1:wrong 10@+2,11@+2:wrong a=10 late=0" },
{ "and in 1970 none of before", "timed@10", "",
  "-1700000000s 10:accepted 11@+1:accepted 12@+15:expired 13:accepted" },

/* a store that was put back */
{ "put back, codes count that are made from then on", "timed@10", "",
  "back=2 10:restored changed=0 10@+1:restored 10@+2:restored a=10 +120s "
  "10@+1:restored a=10 failures=0 late=0 +120s 10:accepted 11@+1:accepted "
  "a=12" },
{ "then one of before has expired", "timed@10", "",
  "back=2 +240s 10@-1:expired 11@-2,12@-2:expired a=13 late=2 failures=0 "
  "13:accepted" },
{ "far ones of before are wrong", "timed@10", "",
  "back=2 +240s 50@-1:wrong 50@-2,51@-1:wrong 50@-1,51:wrong a=10 far=0 "
  "50,51:resynced" },
{ "one behind is used", "timed@10", "",
  "back=2 9:restored +240s 9@-1:replayed" },
{ "then wrong ones are counted, and not before", "timed@10", "",
  "back=1 9*x:restored changed=0 failures=0 +120s 5*x:wrong 10:guarded "
  "10,11,12:accepted" },
{ "three of before do not open a guarded account", "timed@10", "",
  "5*x:wrong back=2 10,11,12:restored changed=0 +240s "
  "10@-1,11@-1,12@-1:guarded changed=0 a=10 10,11,12:accepted" },
{ "other tokens let nobody in, and nothing is counted", "8@10", "",
  "back=1 10:restored 10,11:restored 10,11,12:restored 50:restored 9:restored "
  "7*x:restored changed=0 failures=0 spent=0 replayed=0 far=0 a=10 +9d "
  "10:restored back=no 10:accepted" },
{ "nor do those of 64 digits", "hex@10 hash@10", "",
  "back=1 10:restored changed=0 b10,b11:restored changed=0 a=10 b=10" },
{ "nor do recovery codes", "timed@10", "recovery once=3600",
  "back=0 r0:restored rx:restored r2:restored changed=0 10:accepted left=2 "
  "back=no r0:accepted" },
{ "a shape that no token has is malformed all the same", "timed@10", "",
  "back=1 '123456:malformed r0:malformed changed=0" },
{ "one of another width leaves what counts alone", "timed@10 6@10", "",
  "back=0 5*b10:restored changed=0 failures=0 10:accepted" },
{ "of the same width it is refused like a wrong one", "timed@10 8@10", "",
  "50:far back=0 b10:restored failures=2 spent=2 matched=0 changed=1 far=0 "
  "b10,b11:restored b50:restored failures=4 a=10 b=10 10:accepted "
  "b9:restored replayed=0" },
{ "and while guarded too", "timed@10 8@10", "",
  "back=0 5*x:wrong b10:restored changed=0 b10,b11,b12:restored changed=0 "
  "b=10 failures=5 10,11,12:accepted" },
{ "the press before it is good after it", "timed@10", "",
  "50:far back=0 51:resynced" },

/* recovery codes */
{ "a recovery code is accepted once", "8@0", "recovery",
  "r0:accepted recovery=1 left=1 matched=0 a=0 r0:wrong r1:accepted left=0" },
{ "a recovery code opens a guarded account", "8@0", "recovery",
  "5*x:wrong r1:accepted failures=0 spent=5 told=5 0:accepted" },
{ "wrong recovery codes are not counted", "8@0", "recovery",
  "30*rx:wrong changed=0 failures=0 spent=0 failed=0 0:accepted" },
{ "a wrong recovery code is not counted, and forgets nothing", "8@0",
  "recovery", "50:far rx:wrong changed=0 far=1 51:resynced" },
{ "without recovery codes their shape is malformed", "8@0", "",
  "50:far r0:malformed far=1 51:resynced" },
{ "a one-time code is accepted once", "8@0", "once=3600",
  "+3599s r2:accepted recovery=1 matched=0 left=0 a=0 r2:wrong" },
{ "a one-time code opens a guarded account", "8@0", "once=3600",
  "5*x:wrong r2:accepted failures=0 0:accepted" },
{ "a one-time code is none of the sheet", "8@0", "recovery once=3600",
  "r2:accepted left=2 r0:accepted left=1 r2:wrong" },
{ "a one-time code expires", "8@0", "recovery once=3600",
  "+3600s r2:wrong failures=0 spent=0 r0:accepted left=1" },
{ "an expired code stays so when the clock goes back", "8@0", "once=3600",
  "+3600s r2:wrong changed=1 -1800s r2:wrong changed=0" },
{ "any attempt sees that a code has expired", "8@0", "once=3600",
  "+3600s x:wrong -1800s r2:wrong" },
{ "so does a success", "8@0", "once=3600",
  "+3600s 0:accepted -1800s r2:wrong" },
{ "so does a code of a shape that no token has", "8@0", "once=3600",
  "+3600s '123456:malformed changed=1 -1800s r2:wrong" },
{ "but no refusal of a guarded account, which writes nothing", "8@0",
  "once=3600", "5*x:wrong +3600s x:guarded changed=0 r2:wrong changed=0 "
  "-1800s r2:accepted" },
{ "no clock before its time lets a one-time code in", "8@0", "once=3600",
  "-1s r2:wrong changed=0 -1d r2:wrong changed=0 +1d +1s r2:accepted" },
{ "a code that does not expire is good in any year", "8@0", "recovery",
  "-9999d r0:accepted +20000d r1:accepted" },

/* the whole range of counters */
{ "counters cross 2^31", "8@2147483647", "",
  "2147483647:accepted 2147483649:accepted a=2147483650" },
{ "counters cross 2^32", "8@4294967295", "",
  "4294967295:accepted 4294967296:accepted a=4294967297 "
  "4294967295:replayed" },
{ "the last code is accepted", "8@" END_1, "",
  END_1 ":accepted a=" END " " END_1 ":replayed" },
{ "an exhausted token accepts nothing", "8@" END, "",
  END ":wrong " END "," END ":wrong " END_1 ":replayed a=" END },
{ "no pair reaches beyond the end", "8@9223372036854775805", "",
  END_1 "," END ":wrong 9223372036854775805," END_1 ":accepted a=" END },
{ "windows are cut at the end", "8@9223372036854775800", "",
  END ":wrong " END_1 ":far " END ":wrong 9223372036854775805:far "
  END_1 ":resynced a=" END },
};
/* clang-format on */

#endif /* ROLLCODE_TESTS_PROMISES_H */
