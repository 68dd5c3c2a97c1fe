/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words that mean something only behind one keyword: kinds of LLC frame, 802.11 types and directions, PF's reasons and
 * actions. For the parser and the printer.
 */
#include "filter/scan.h"

#include "core/ascii.h"

/* 802.2 (ISO/IEC 8802-2, 5.4): the bits of the control field that tell supervisory and unnumbered PDUs apart. */
const struct named_value filter_llc_kinds[] = {
	{"i", 0, 0, WORD_LLC_I},
	{"s", 0, 0, WORD_LLC_S},
	{"u", 0, 0, WORD_LLC_U},
	{"rr", 0x01, 0, WORD_LLC_S_KIND},
	{"rnr", 0x05, 0, WORD_LLC_S_KIND},
	{"rej", 0x09, 0, WORD_LLC_S_KIND},
	{"ui", 0x03, 0, WORD_LLC_U_KIND},
	{"ua", 0x63, 0, WORD_LLC_U_KIND},
	{"disc", 0x43, 0, WORD_LLC_U_KIND},
	{"dm", 0x0f, 0, WORD_LLC_U_KIND},
	{"sabme", 0x6f, 0, WORD_LLC_U_KIND},
	{"test", 0xe3, 0, WORD_LLC_U_KIND},
	{"xid", 0xaf, 0, WORD_LLC_U_KIND},
	{"frmr", 0x87, 0, WORD_LLC_U_KIND},
	{NULL, 0, 0, WORD_NONE},
};

/* IEEE 802.11-2020, 9.2.4.1.3: type and subtype as bits 2 to 7 of the frame control field's first byte. */
const struct named_value filter_wlan_types[] = {
	{"mgt", 0x00, 0x0c, WORD_WLAN_TYPE},
	{"management", 0x00, 0x0c, WORD_WLAN_TYPE},
	{"ctl", 0x04, 0x0c, WORD_WLAN_TYPE},
	{"control", 0x04, 0x0c, WORD_WLAN_TYPE},
	{"data", 0x08, 0x0c, WORD_WLAN_TYPE},
	{NULL, 0, 0, WORD_NONE},
};

const struct named_value filter_wlan_subtypes[] = {
	{"assoc-req", 0x00, 0xfc, WORD_WLAN_TYPE},
	{"assocreq", 0x00, 0xfc, WORD_WLAN_TYPE},
	{"assoc-resp", 0x10, 0xfc, WORD_WLAN_TYPE},
	{"assocresp", 0x10, 0xfc, WORD_WLAN_TYPE},
	{"reassoc-req", 0x20, 0xfc, WORD_WLAN_TYPE},
	{"reassocreq", 0x20, 0xfc, WORD_WLAN_TYPE},
	{"reassoc-resp", 0x30, 0xfc, WORD_WLAN_TYPE},
	{"reassocresp", 0x30, 0xfc, WORD_WLAN_TYPE},
	{"probe-req", 0x40, 0xfc, WORD_WLAN_TYPE},
	{"probereq", 0x40, 0xfc, WORD_WLAN_TYPE},
	{"probe-resp", 0x50, 0xfc, WORD_WLAN_TYPE},
	{"proberesp", 0x50, 0xfc, WORD_WLAN_TYPE},
	{"beacon", 0x80, 0xfc, WORD_WLAN_TYPE},
	{"atim", 0x90, 0xfc, WORD_WLAN_TYPE},
	{"disassoc", 0xa0, 0xfc, WORD_WLAN_TYPE},
	{"disassociation", 0xa0, 0xfc, WORD_WLAN_TYPE},
	{"auth", 0xb0, 0xfc, WORD_WLAN_TYPE},
	{"authentication", 0xb0, 0xfc, WORD_WLAN_TYPE},
	{"deauth", 0xc0, 0xfc, WORD_WLAN_TYPE},
	{"deauthentication", 0xc0, 0xfc, WORD_WLAN_TYPE},
	{"ps-poll", 0xa4, 0xfc, WORD_WLAN_TYPE},
	{"rts", 0xb4, 0xfc, WORD_WLAN_TYPE},
	{"cts", 0xc4, 0xfc, WORD_WLAN_TYPE},
	{"ack", 0xd4, 0xfc, WORD_WLAN_TYPE},
	{"cf-end", 0xe4, 0xfc, WORD_WLAN_TYPE},
	{"cf-end-ack", 0xf4, 0xfc, WORD_WLAN_TYPE},
	{"data", 0x08, 0xfc, WORD_WLAN_TYPE},
	{"data-cf-ack", 0x18, 0xfc, WORD_WLAN_TYPE},
	{"data-cf-poll", 0x28, 0xfc, WORD_WLAN_TYPE},
	{"data-cf-ack-poll", 0x38, 0xfc, WORD_WLAN_TYPE},
	{"null", 0x48, 0xfc, WORD_WLAN_TYPE},
	{"cf-ack", 0x58, 0xfc, WORD_WLAN_TYPE},
	{"cf-poll", 0x68, 0xfc, WORD_WLAN_TYPE},
	{"cf-ack-poll", 0x78, 0xfc, WORD_WLAN_TYPE},
	{"qos-data", 0x88, 0xfc, WORD_WLAN_TYPE},
	{"qos-data-cf-ack", 0x98, 0xfc, WORD_WLAN_TYPE},
	{"qos-data-cf-poll", 0xa8, 0xfc, WORD_WLAN_TYPE},
	{"qos-data-cf-ack-poll", 0xb8, 0xfc, WORD_WLAN_TYPE},
	{"qos", 0xc8, 0xfc, WORD_WLAN_TYPE},
	{"qos-cf-poll", 0xe8, 0xfc, WORD_WLAN_TYPE},
	{"qos-cf-ack-poll", 0xf8, 0xfc, WORD_WLAN_TYPE},
	{NULL, 0, 0, WORD_NONE},
};

/* The ToDS and FromDS bits of its second byte. */
const struct named_value filter_wlan_directions[] = {
	{"nods", 0, 0, WORD_WLAN_DIR},
	{"tods", 1, 0, WORD_WLAN_DIR},
	{"fromds", 2, 0, WORD_WLAN_DIR},
	{"dstods", 3, 0, WORD_WLAN_DIR},
	{NULL, 0, 0, WORD_NONE},
};

/* pflog(4) and pf(4): PFRES_ and PF_ values that OpenBSD and FreeBSD share, then those of FreeBSD. */
const struct named_value filter_pf_reasons[] = {
	{"match", 0, 0, WORD_PF_REASON},
	{"bad-offset", 1, 0, WORD_PF_REASON},
	{"fragment", 2, 0, WORD_PF_REASON},
	{"short", 3, 0, WORD_PF_REASON},
	{"normalize", 4, 0, WORD_PF_REASON},
	{"memory", 5, 0, WORD_PF_REASON},
	{"bad-timestamp", 6, 0, WORD_PF_REASON},
	{"congestion", 7, 0, WORD_PF_REASON},
	{"ip-option", 8, 0, WORD_PF_REASON},
	{"proto-cksum", 9, 0, WORD_PF_REASON},
	{"state-mismatch", 10, 0, WORD_PF_REASON},
	{"state-insert", 11, 0, WORD_PF_REASON},
	{"state-limit", 12, 0, WORD_PF_REASON},
	{"src-limit", 13, 0, WORD_PF_REASON},
	{"synproxy", 14, 0, WORD_PF_REASON},
	{NULL, 0, 0, WORD_NONE},
};

const struct named_value filter_pf_actions[] = {
	{"pass", 0, 0, WORD_PF_ACTION},
	{"accept", 0, 0, WORD_PF_ACTION},
	{"drop", 1, 0, WORD_PF_ACTION},
	{"block", 1, 0, WORD_PF_ACTION},
	{"scrub", 2, 0, WORD_PF_ACTION},
	{"noscrub", 3, 0, WORD_PF_ACTION},
	{"nat", 4, 0, WORD_PF_ACTION},
	{"nonat", 5, 0, WORD_PF_ACTION},
	{"binat", 6, 0, WORD_PF_ACTION},
	{"nobinat", 7, 0, WORD_PF_ACTION},
	{"rdr", 8, 0, WORD_PF_ACTION},
	{"nordr", 9, 0, WORD_PF_ACTION},
	{"synproxy-drop", 10, 0, WORD_PF_ACTION},
	{"defer", 11, 0, WORD_PF_ACTION},
	{NULL, 0, 0, WORD_NONE},
};

const struct named_value *filter_named(const struct named_value *table, const char *text)
{
	for (; table->text != NULL; table++)
		if (ascii_same(table->text, text))
			return table;
	return NULL;
}

const struct named_value *filter_named_value(const struct named_value *table, uint32_t value, enum word word)
{
	for (; table->text != NULL; table++)
		if (table->value == value && table->word == word)
			return table;
	return NULL;
}
