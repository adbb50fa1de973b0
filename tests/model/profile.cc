#include "tests/model/profile.h"

namespace paracle::model {
namespace {

// Most schedules have only some of the faults: one fault must not hide another.
int Sometimes(Dice& dice, int permille) { return dice.Chance(400) ? dice.Between(1, permille) : 0; }

// Servers that follow each other at once, each with its own epoch, while the messages of the one before still arrive
// and replicas that know much and little meet.
Profile Storm(Profile drawn, Dice& dice) {
  drawn.replicas = 3;
  drawn.steps = 120;
  drawn.longest_pause = dice.Between(10, 40);
  drawn.redis_fails = dice.Between(20, 80);
  drawn.redis_stays_up = 1000;
  drawn.restart = dice.Between(0, 80);
  drawn.partition = Sometimes(dice, 30);
  drawn.connection_lost = Sometimes(dice, 60);
  drawn.eviction = Sometimes(dice, 60);
  drawn.reply_stuck = dice.Chance(500) ? dice.Between(20, 150) : 0;
  drawn.message_lost = dice.Between(0, 600);
  drawn.message_late = dice.Between(100, 600);
  return drawn;
}

}  // namespace

Profile Profile::Draw(Dice& dice) {
  Profile drawn;
  drawn.strict = dice.Chance(500);
  drawn.replicas = dice.Between(2, 3);
  drawn.max_marks = dice.Chance(500) ? dice.Between(1, 5) : 16;
  drawn.table_size = dice.Chance(300) ? dice.Between(2, 5) : 16;
  drawn.questions = dice.Chance(500) ? dice.Between(1, 2) : 6;
  drawn.page_limit = dice.Chance(500) ? dice.Between(1, 4) : 16;
  drawn.steps = dice.Between(40, 120);
  drawn.longest_pause = dice.Chance(300) ? 10 : dice.Between(40, 150);
  drawn.fills = 800;
  if (dice.Chance(300)) return Storm(drawn, dice);
  drawn.message_lost = dice.Chance(200) ? 1000 : Sometimes(dice, 500);
  drawn.message_doubled = Sometimes(dice, 200);
  drawn.message_late = Sometimes(dice, 500);
  drawn.reply_stuck = Sometimes(dice, 100);
  drawn.connection_lost = Sometimes(dice, 40);
  drawn.partition = Sometimes(dice, 30);
  drawn.redis_fails = Sometimes(dice, 60);
  drawn.eviction = Sometimes(dice, 30);
  drawn.restart = Sometimes(dice, 40);
  drawn.write_late = Sometimes(dice, 400);
  drawn.write_lost = Sometimes(dice, 300);
  drawn.reply_crossed = Sometimes(dice, 50);
  return drawn;
}

}  // namespace paracle::model
