/* The binary interface that programs are compiled against: records grow at their end only, and codes keep their
 * numbers. A line that fails breaks every program that is already compiled; a new field gets a new line. */
#include "ziti_edge_client.h"

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")
#define IS(code, number) _Static_assert((code) == (number), #code " has another number")
