#include "version.h"

int dcevents_abi(void) { return DCEVENTS_ABI; }
