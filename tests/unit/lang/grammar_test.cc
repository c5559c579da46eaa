/// PEGTL's own analysis of the grammar: no rule may loop without consuming.

#include "lang/grammar.h"

#include <doctest/doctest.h>
#include <tao/pegtl/contrib/analyze.hpp>

TEST_CASE("the analysis of the grammar finds no problem") {
  CHECK(tao::pegtl::analyze<devgraph::lang::grammar::file>(1) == 0);
}
