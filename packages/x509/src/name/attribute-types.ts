import type { Oid } from '@mayfly/der';

/** What is known of an attribute type that stands in names. */
export interface AttributeType {
  readonly type: Oid;
  /** Registered descriptor, as RFC 4514 text shows it. */
  readonly descriptor: string;
  /** Most characters that RFC 5280 appendix A.1, or else X.520, allows. */
  readonly upperBound: number;
  /** Type that values are written in; UTF8String where RFC 5280 leaves the choice. */
  readonly stringType: 'utf8String' | 'printableString' | 'ia5String';
}

/** For example `commonName`. */
export type AttributeTypeName =
  | 'commonName'
  | 'surname'
  | 'serialNumber'
  | 'country'
  | 'locality'
  | 'stateOrProvince'
  | 'streetAddress'
  | 'organization'
  | 'organizationalUnit'
  | 'title'
  | 'postalCode'
  | 'name'
  | 'givenName'
  | 'initials'
  | 'generationQualifier'
  | 'dnQualifier'
  | 'pseudonym'
  | 'organizationIdentifier'
  | 'userId'
  | 'domainComponent'
  | 'emailAddress';

const attributeType = (
  type: Oid,
  descriptor: string,
  upperBound: number,
  stringType: AttributeType['stringType'] = 'utf8String',
): AttributeType => ({ type, descriptor, upperBound, stringType });

/** Attribute types of RFC 5280 appendix A.1 and of RFC 4514 §3, by the names that a {@link NameAttributes} has. */
export const attributeTypes: Readonly<Record<AttributeTypeName, AttributeType>> = {
  commonName: /* @__PURE__ */ attributeType('2.5.4.3', 'CN', 64),
  surname: /* @__PURE__ */ attributeType('2.5.4.4', 'SN', 32_768),
  serialNumber: /* @__PURE__ */ attributeType('2.5.4.5', 'serialNumber', 64, 'printableString'),
  country: /* @__PURE__ */ attributeType('2.5.4.6', 'C', 2, 'printableString'),
  locality: /* @__PURE__ */ attributeType('2.5.4.7', 'L', 128),
  stateOrProvince: /* @__PURE__ */ attributeType('2.5.4.8', 'ST', 128),
  streetAddress: /* @__PURE__ */ attributeType('2.5.4.9', 'STREET', 128),
  organization: /* @__PURE__ */ attributeType('2.5.4.10', 'O', 64),
  organizationalUnit: /* @__PURE__ */ attributeType('2.5.4.11', 'OU', 64),
  title: /* @__PURE__ */ attributeType('2.5.4.12', 'title', 64),
  postalCode: /* @__PURE__ */ attributeType('2.5.4.17', 'postalCode', 40),
  name: /* @__PURE__ */ attributeType('2.5.4.41', 'name', 32_768),
  givenName: /* @__PURE__ */ attributeType('2.5.4.42', 'givenName', 32_768),
  initials: /* @__PURE__ */ attributeType('2.5.4.43', 'initials', 32_768),
  generationQualifier: /* @__PURE__ */ attributeType('2.5.4.44', 'generationQualifier', 32_768),
  dnQualifier: /* @__PURE__ */ attributeType('2.5.4.46', 'dnQualifier', 32_768, 'printableString'),
  pseudonym: /* @__PURE__ */ attributeType('2.5.4.65', 'pseudonym', 128),
  organizationIdentifier: /* @__PURE__ */ attributeType('2.5.4.97', 'organizationIdentifier', 32_768),
  userId: /* @__PURE__ */ attributeType('0.9.2342.19200300.100.1.1', 'UID', 256),
  domainComponent: /* @__PURE__ */ attributeType('0.9.2342.19200300.100.1.25', 'DC', 63, 'ia5String'),
  emailAddress: /* @__PURE__ */ attributeType('1.2.840.113549.1.9.1', 'emailAddress', 255, 'ia5String'),
};
