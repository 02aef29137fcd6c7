raise AssertionError("the code of an agent is never imported to read its card")
