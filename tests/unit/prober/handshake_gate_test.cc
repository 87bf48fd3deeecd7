// The cap on handshakes in flight.
#include "prober/handshake_gate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/sim_loop.h"

namespace sonde::test {
namespace {

class HandshakeGate : public testing::Test {
 protected:
  /// Asks for a place; its name is noted when it has waited and is let in.
  bool enter(prober::HandshakeGate& gate, io::Handle& place, const std::string& name) {
    return gate.enter(place, [this, name] { let_in_.push_back(name); });
  }
  using Names = std::vector<std::string>;

  SimLoop loop_;
  Names let_in_;
};

TEST_F(HandshakeGate, LetsInWhatHasRoomAndTheRestInTheirOrder) {
  prober::HandshakeGate gate{loop_, 2};
  io::Handle a;
  io::Handle b;
  io::Handle c;
  io::Handle d;
  EXPECT_TRUE(enter(gate, a, "a"));
  EXPECT_TRUE(enter(gate, b, "b"));
  EXPECT_FALSE(enter(gate, c, "c"));
  EXPECT_FALSE(enter(gate, d, "d"));
  EXPECT_EQ(gate.waiting(), 2U);
  loop_.turn();
  EXPECT_EQ(let_in_, Names{});
  a.reset();
  EXPECT_EQ(let_in_, Names{}) << "called from inside";
  loop_.turn();
  EXPECT_EQ(let_in_, Names{"c"});
  b.reset();
  loop_.turn();
  EXPECT_EQ(let_in_, (Names{"c", "d"}));
  EXPECT_EQ(gate.inside(), 2U);
}

TEST_F(HandshakeGate, OneThatLeavesTheQueueIsNotLetIn) {
  prober::HandshakeGate gate{loop_, 1};
  io::Handle a;
  io::Handle b;
  io::Handle c;
  EXPECT_TRUE(enter(gate, a, "a"));
  EXPECT_FALSE(enter(gate, b, "b"));
  EXPECT_FALSE(enter(gate, c, "c"));
  b.reset();
  a.reset();
  loop_.turn();
  EXPECT_EQ(let_in_, Names{"c"});
}

TEST_F(HandshakeGate, OneThatGoesBeforeItLearnsOfItsPlaceGivesItBack) {
  prober::HandshakeGate gate{loop_, 1};
  io::Handle a;
  io::Handle b;
  io::Handle c;
  EXPECT_TRUE(enter(gate, a, "a"));
  EXPECT_FALSE(enter(gate, b, "b"));
  EXPECT_FALSE(enter(gate, c, "c"));
  a.reset();  // b has the place and will learn of it in the next turn
  b.reset();
  loop_.turn();
  EXPECT_EQ(let_in_, Names{"c"});
  c.reset();
  EXPECT_EQ(gate.inside(), 0U);
}

TEST_F(HandshakeGate, ANewNumberOfPlacesHoldsAtOnce) {
  prober::HandshakeGate gate{loop_, 1};
  io::Handle a;
  io::Handle b;
  io::Handle c;
  EXPECT_TRUE(enter(gate, a, "a"));
  EXPECT_FALSE(enter(gate, b, "b"));
  gate.set_places(2);
  loop_.turn();
  EXPECT_EQ(let_in_, Names{"b"});
  gate.set_places(1);
  a.reset();
  EXPECT_FALSE(enter(gate, c, "c")) << "two were let in, one is left";
}

}  // namespace
}  // namespace sonde::test
