"""What makes foreign text harmless, for doors: a file of its own, because help and errors must not pay for records."""

from fairlead.core.printable import printable as printable
