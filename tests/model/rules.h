#ifndef PARACLE_TESTS_MODEL_RULES_H_
#define PARACLE_TESTS_MODEL_RULES_H_

namespace paracle::model {

// The rules of the mark protocol, one switch each, so that a test can take out one and watch the checker notice that a
// promise is lost. All true is the protocol:
//
// Redis keeps a hash (epoch, history, seq, floor, count) and a set of marks (name -> seq). Every call first sees to it
// that the epoch still stands for one unbroken sequence, else it begins a new one; then it reads, or adds a mark and
// publishes it; and answers with a page of what the caller does not know. A replica follows page by page. A fill's
// token is where its replica stood when the question was asked; a token is valid as long as it is of the table's epoch,
// not below the floor, and no mark that concerns the answer is above it. An Invalidate is acknowledged once its own
// mark was learnt. Whoever has not read for 1.5 s is stale.
//
// Left out: two servers that both answer as masters. Whoever goes back to a server left behind, still in its old epoch,
// finds there what was invalidated at the other. That is for whoever chooses the server to prevent.
struct Rules {
  // Reading and writing entries.
  bool validate_at_read = true;                     // memory: checked at every read when latest has moved on
  bool entries_name_their_question = true;          // Redis: an entry of another question is a miss
  bool set_checks_token = true;                     // a Set whose token is not valid is refused
  bool token_taken_before_lookup = true;            // not when the miss is known
  bool floor_refuses_old_tokens = true;             // older than the newest forgotten mark: refused
  bool memory_dies_with_its_epoch = true;           // memory: token.epoch must be the table's
  bool shared_entries_die_with_their_epoch = true;  // Redis: the same
  bool promoted_entries_keep_their_token = true;    // not "now", as a Set without a token gets
  bool checked_again_under_the_promotion = true;    // not only when the reply arrived
  bool tokens_from_ahead_wait = true;               // token.seq <= latest (a second net, see below)

  // A replica's table of marks.
  bool polling = true;                          // reads every 500 ms; without: messages and a read at each connect
  bool messages_only_in_order = true;           // applied only at latest + 1
  bool messages_name_their_epoch = true;        // applied only if that is ours
  bool pages_have_no_gaps = true;               // a page that begins above latest is ignored (a second net)
  bool other_epochs_must_be_ahead = true;       // or they are ignored: the check at a read compares numbers alone
  bool one_ordered_mark_connection = true;      // replies in order, and none from a lost connection
  bool own_epoch_before_the_first_page = true;  // a random one: tokens of two starts must not look alike
  bool acknowledge_after_learning = true;       // not when the reply came
  bool folding_raises_the_floor = true;         // a full table forgets old marks, not what they forbid
  bool local_invalidate_takes_a_number = true;  // Redis away: without one, no entry is looked at again

  // Redis' side.
  bool new_epoch_when_history_changes = true;  // another replication id
  bool new_epoch_when_marks_are_gone = true;   // fewer in the set than were counted
  bool new_epoch_when_caller_is_ahead = true;  // of the same epoch, with a higher number (a second net)
  bool every_epoch_is_fresh = true;            // a random drawn for each call, not one for the process
  bool numbers_never_go_back = true;           // for no caller, of no epoch
  bool other_epochs_from_the_floor = true;     // a caller of another epoch gets every mark, not those above its number
  bool other_epochs_are_never_cut = true;      // the limit of a page holds only within the caller's epoch
  bool pages_of_adds_are_never_cut = true;     // or a mark is acknowledged that its caller has not seen

  // Freshness.
  bool stale_marks_stop_the_shared_tier = true;     // last read older than 1.5 s: no entries from or to Redis
  bool strict_stops_memory = true;                  // and with consistency strict, none from memory
  bool freshness_counts_from_the_beginning = true;  // of the read, not from its reply
  bool only_complete_pages_are_fresh = true;        // a page that was cut says nothing about the rest
};

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_RULES_H_
