/* The number of the interface between the C functions and Python.
 *
 * Raise it, and ABI in __init__.py, whenever a function or a structure that Python uses changes: a library that was
 * built from older sources is then refused.
 */
#ifndef DCEVENTS_VERSION_H
#define DCEVENTS_VERSION_H

#define DCEVENTS_ABI 16

/* Functions that Python calls; all others are hidden. */
#if defined(_WIN32)
#define DCEVENTS_EXPORT __declspec(dllexport)
#else
#define DCEVENTS_EXPORT __attribute__((visibility("default")))
#endif

DCEVENTS_EXPORT int dcevents_abi(void);

#endif
